"""Starts the program as `python -m export.tflite`."""

from . import run

if __name__ == "__main__":
    run()
