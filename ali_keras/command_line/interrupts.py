"""Ctrl-C at any moment: one line and status 130.

What is raised in the midst of an import may be taken for an error of the
module that is imported, or be lost. So as long as modules are loaded and
nothing is written, Ctrl-C ends the process at once. It raises
`KeyboardInterrupt` while a program's `main` runs.

The packages of programs import this module before any other, so it imports
little.
"""

import contextlib
import os
import pathlib
import signal
import sys
import threading

INTERRUPTED = 130  # 128 + SIGINT, as shells have it.
NOTICE = "\nInterrupted."


class Interrupt:
    """Whether Ctrl-C has come while `main` ran."""

    def __init__(self):
        self.received = False

    def receive(self, number, frame):
        """Takes note and raises: a handler as `signal.signal` wants it."""
        self.received = True
        raise KeyboardInterrupt


def end_at_once(number, frame):
    """Ends the process: a handler as `signal.signal` wants it."""
    os.write(2, f"{NOTICE}\n".encode())
    os._exit(INTERRUPTED)


def watch_start():
    """Handles Ctrl-C from now on, if a program of ours is what is started.

    A package of programs calls it when it is imported. In other programs that
    import the package, Ctrl-C is theirs.
    """
    if _is_program(sys.argv[0] if sys.argv else ""):
        _handle(end_at_once)


@contextlib.contextmanager
def handled():
    """Yields an `Interrupt` that takes note of Ctrl-C in the body."""
    interrupt = Interrupt()
    before = _handle(interrupt.receive)
    try:
        yield interrupt
    finally:
        if before:
            signal.signal(signal.SIGINT, before)


def _is_program(name):
    # Python sets "-m" while it imports the packages of the module to run.
    return name == "-m" or pathlib.Path(name).name.startswith("ali-")


def _handle(handler):
    """Sets a handler, and returns the one before; `None` if it is not set."""
    if threading.current_thread() is not threading.main_thread():
        return None
    before = signal.getsignal(signal.SIGINT)
    if before in (signal.SIG_IGN, None):  # A job in the background.
        return None
    return signal.signal(signal.SIGINT, handler)
