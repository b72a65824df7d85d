"""The command-line programs: flags to configuration to one library call."""

from ali_keras.command_line import interrupts

interrupts.watch_start()
