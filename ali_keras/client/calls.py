"""How long a call may take, and when it is tried again."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from ali_keras.client.errors import DEADLINE_EXCEEDED
from ali_keras.client.errors import UNAVAILABLE
from ali_keras.client.errors import DeadlineError
from ali_keras.client.errors import ServerError

# Seconds: the longest wait before the second try, and before any.
FIRST_DELAY = 0.1
LONGEST_DELAY = 2.0

Answer = TypeVar("Answer")
# Leaves the generator alone that a program may have seeded.
_jitter = random.SystemRandom()


class Deadline:
    """The end of a call, counted from now.

    Args:
        timeout: Seconds, greater than 0.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._end = time.monotonic() + timeout

    def remaining(self) -> float:
        """Returns the seconds that are left.

        Raises:
            DeadlineError: if none are.
        """
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise self.error("no answer in time")
        return seconds

    def allows(self, seconds: float) -> bool:
        """Whether so many seconds are left."""
        return time.monotonic() + seconds < self._end

    def error(self, reason: str) -> DeadlineError:
        """Makes the error that names this deadline."""
        return DeadlineError(f"{reason} (given: {self.timeout:g} s)")


def with_retries(
    send: Callable[[], Answer], deadline: Deadline, tries: int
) -> Answer:
    """Sends a request, again while the server is unavailable.

    Waits a random time before each further try, up to a limit that doubles
    ("full jitter"): clients that failed together do not come back together.

    Args:
        send: Function without arguments.
        deadline: `Deadline` of all tries and waits.
        tries: Integer of at least 1.

    Returns:
        What `send` returns.

    Raises:
        ServerError: the last one; any but UNAVAILABLE at once.
        DeadlineError: if the deadline has passed.
    """
    for attempt in range(tries):
        deadline.remaining()
        try:
            return send()
        except DeadlineError:
            raise
        except ServerError as error:
            if error.code == DEADLINE_EXCEEDED:
                raise deadline.error(error.message) from None
            limit = min(FIRST_DELAY * 2**attempt, LONGEST_DELAY)
            delay = _jitter.uniform(0, limit)
            last = attempt == tries - 1 or not deadline.allows(delay)
            if error.code != UNAVAILABLE or last:
                raise
        time.sleep(delay)
    raise AssertionError("The last try returns or raises.")
