"""Starts the program as `python -m export.tflite`."""

from . import run

run()
