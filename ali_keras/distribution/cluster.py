"""The workers of a training: who they are, and that one was lost."""

import contextlib
import dataclasses
import json
import os
import re
import socket
import sys
import threading
import time

from ali_keras.errors import InputError
from ali_keras.lazy import tensorflow as tf

# 128 + SIGUSR1: a status from 128 on tells orchestrators to start again.
WORKER_LOST = 138

joined = threading.Event()  # Set once TensorFlow has made its connections.


class WorkerLost(Exception):
    """A worker has ended or did not start: all must start again."""


@dataclasses.dataclass(frozen=True)
class Workers:
    """What TF_CONFIG says.

    Attributes:
        addresses: Tuple of strings "host:port", the chief's first.
        index: Integer. Which of them is this process.
    """

    addresses: tuple[str, ...]
    index: int

    @property
    def is_chief(self):
        """Whether this process is the one that writes files."""
        return self.index == 0


def read():
    """Reads TF_CONFIG.

    Returns:
        `Workers`, or `None` where TF_CONFIG names no cluster.

    Raises:
        InputError: if TF_CONFIG is not a worker's.
    """
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        config = json.loads(text)
        return _parse(config) if config.get("cluster") else None
    except (AttributeError, LookupError, TypeError, ValueError):
        raise InputError(
            "TF_CONFIG must be JSON of workers, one of which may be the chief, "
            'and of a task among them: {"cluster": {"worker": ["host:port", '
            '...]}, "task": {"type": "worker", "index": 0}}. Received: '
            f"{text}"
        ) from None


def wait_for_peers(workers, timeout_seconds=600):
    """Returns when all workers have come here.

    TensorFlow waits for them as well, but for an hour and deaf to signals.

    Args:
        workers: `Workers`.
        timeout_seconds: Number.

    Raises:
        WorkerLost: if a worker does not come in time, or the port that
            TF_CONFIG gives to this one is taken.
    """
    deadline = time.monotonic() + timeout_seconds
    own = workers.addresses[workers.index]
    missing = set(workers.addresses) - {own}
    with _listen(own):
        while missing := {peer for peer in missing if not _is_up(peer)}:
            if time.monotonic() > deadline:
                raise WorkerLost(
                    f"All workers must start within {timeout_seconds} "
                    f"seconds. Missing: {', '.join(sorted(missing))}"
                )
            time.sleep(0.1)


def is_worker_loss(error):
    """Whether an error says that all workers must start again."""
    if isinstance(error, WorkerLost):
        return True
    return "TF_CONFIG" in os.environ and isinstance(error, _losses())


def describe_loss(error):
    """Says in one line what `is_worker_loss` has found."""
    # TensorFlow's message has many lines, of which this one matters.
    match = re.search(r"is aborted by: *(.+)", str(error))
    reason = match[1] if match else " ".join(str(error).split())
    return (
        "All workers must run to the end, and one does not; start all of them "
        f"again. Received: {reason}"
    )


def leave(status):
    """Ends the process at once: an orderly end waits for lost workers."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _losses():
    # What a collective operation ends with, depending on how its peer went.
    return (
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.FailedPreconditionError,
        tf.errors.UnavailableError,
    )


def _parse(config):
    jobs, task = config["cluster"], config["task"]
    if not set(jobs) <= {"chief", "worker"} or len(jobs.get("chief", "")) > 1:
        raise ValueError("no ps, no evaluator, one chief at most")
    index = int(task["index"])
    own = list(jobs[task["type"]])[index]  # Such a task there must be.
    addresses = (*jobs.get("chief", ()), *jobs.get("worker", ()))
    for address in addresses:
        _split(address)
    if index < 0 or len(set(addresses)) < len(addresses):
        raise ValueError("each worker has an address of its own")
    return Workers(addresses, addresses.index(own))


def _split(address):
    host, port = re.fullmatch(r"(.+):(\d{1,5})", address).groups()
    return host, int(port)


def _listen(address):
    _, port = _split(address)
    try:
        return socket.create_server(("", port))  # As TensorFlow will.
    except OSError as error:
        raise WorkerLost(
            f"A worker's port must be free. Received: {address} "
            f"({error.strerror})"
        ) from None


def _is_up(address):
    with contextlib.suppress(OSError):
        with socket.create_connection(_split(address), timeout=1) as link:
            # On one machine, a socket may happen to meet itself.
            return link.getsockname() != link.getpeername()
    return False
