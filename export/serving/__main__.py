"""Starts the program as `python -m export.serving`."""

from . import run

if __name__ == "__main__":
    run()
