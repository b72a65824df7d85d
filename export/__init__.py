"""Exporters of a trained model to the formats that others serve."""

from ali_keras.command_line import interrupts

interrupts.watch_start()
