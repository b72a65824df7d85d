"""Starts the program as `python -m export.serving`."""

from ali_keras.command_line import program

from . import main

if __name__ == "__main__":
    program.run(main)
