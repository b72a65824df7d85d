"""Starts the program as `python -m export.serving`."""

from . import run

run()
