"""SIGTERM: what schedulers send before they take a machine away."""

import contextlib
import os
import signal
import sys
import threading

from ali_keras import files

TERMINATED = 143  # 128 + SIGTERM, as shells have it.


class SignalNotice:
    """Whether a signal has come. It waits to be looked at."""

    def __init__(self):
        self.received = False

    def receive(self, number, frame):
        """Takes note: a handler as `signal.signal` wants it."""
        self.received = True


def terminate(number, frame):
    """Ends the process: a handler as `signal.signal` wants it.

    It raises nothing: what is raised in the midst of other people's code may
    be taken for an error of theirs, or be lost.
    """
    files.abandon()
    with contextlib.suppress(RuntimeError):  # It may be what was interrupted.
        sys.stdout.flush()
    os.write(sys.stderr.fileno(), b"Terminated.\n")
    os._exit(TERMINATED)


@contextlib.contextmanager
def handled_by(handler):
    """Has SIGTERM handled in the body; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
