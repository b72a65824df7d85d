"""SIGTERM: what schedulers send before they take a machine away."""

import contextlib
import signal
import threading

from ali_keras.errors import Terminated


class SignalNotice:
    """Whether a signal has come. It waits to be looked at."""

    def __init__(self):
        self.received = False

    def receive(self, number, frame):
        """Takes note: a handler as `signal.signal` wants it."""
        self.received = True


def terminate(number, frame):
    """Ends what runs, at once: a handler as `signal.signal` wants it."""
    raise Terminated("Terminated.")


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
