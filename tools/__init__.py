"""The command-line programs: flags to configuration to one library call."""
