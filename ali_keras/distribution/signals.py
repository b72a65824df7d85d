"""SIGTERM, which schedulers send before they end a process, and Ctrl-C."""

import contextlib
import os
import signal
import sys
import threading

from ali_keras import files
from ali_keras.errors import Interrupted
from ali_keras.errors import Terminated

TERMINATED = 143  # 128 + SIGTERM, as shells have it.
STDERR = 2  # Not sys.stderr, which may be what was interrupted.
ENDINGS = (signal.SIGTERM, signal.SIGINT)
FIRST_INTERRUPT = (
    b"\nInterrupted: ends after this step, with a checkpoint. Ctrl-C again: "
    b"at once.\n"
)


class SignalNotice:
    """Whether a signal has come. It waits to be looked at."""

    def __init__(self):
        self.number = None  # Of the first signal.

    @property
    def received(self):
        """Whether a signal has come."""
        return self.number is not None

    def receive(self, number, frame):
        """Takes note: a handler as `signal.signal` wants it.

        Raises:
            KeyboardInterrupt: at Ctrl-C if a signal has come before.
        """
        if number == signal.SIGINT:
            if self.received:
                raise KeyboardInterrupt
            with contextlib.suppress(OSError):
                os.write(STDERR, FIRST_INTERRUPT)
        if not self.received:
            self.number = number or signal.SIGTERM

    def ending(self, more="."):
        """Returns the exception that ends a training.

        Args:
            more: String, after the word "Interrupted" or "Terminated".
        """
        kind = Interrupted if self.number == signal.SIGINT else Terminated
        return kind(f"{kind.__name__}{more}")


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
def handled_by(handler, *numbers):
    """Has signals handled in the body; only the main thread can.

    Args:
        handler: Function as `signal.signal` wants it.
        *numbers: Signals. Without any, SIGTERM. Ctrl-C stays ignored where it
            is, as in a shell's background jobs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {n: signal.getsignal(n) for n in numbers or (signal.SIGTERM,)}
    if before.get(signal.SIGINT) == signal.SIG_IGN:
        del before[signal.SIGINT]
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
