"""Runs a command as several workers on this machine, which train together.

python -m tools.launch --num_workers=2 -- python -m tools.train --dataset=...

Each worker has a port of its own and the same command. When one of them fails,
all are stopped; they start again where the status, 128 or more, says that it
may help, as after the loss of a worker. SIGTERM and Ctrl-C are passed on.
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from absl import flags

from ali_keras.command_line import program
from ali_keras.distribution import signals
from ali_keras.distribution.cluster import WORKER_LOST
from ali_keras.errors import InputError
from ali_keras.errors import command as command_of
from ali_keras.settings import MAX_INTEGER

NUM_WORKERS = flags.DEFINE_integer(
    "num_workers",
    2,
    "Processes to run.",
    lower_bound=1,
    upper_bound=1000,  # Of one machine.
)
MAX_RESTARTS = flags.DEFINE_integer(
    "max_restarts",
    3,
    "How often all may start again.",
    lower_bound=0,
    upper_bound=MAX_INTEGER,
)
GRACE_SECONDS = flags.DEFINE_float(
    "grace_seconds", 60, "From SIGTERM to SIGKILL.", lower_bound=0
)
WORKER_LOGS = flags.DEFINE_string(
    "worker_logs", None, "Folder of worker_N.log. Default: all print here."
)
RETRYABLE = 128  # From here on, as Kubernetes' training operator has it.


class Group:
    """Workers that start and end together.

    Args:
        command: List of strings.
        num_workers: Integer.
    """

    def __init__(self, command, num_workers):
        self.command = command
        self.num_workers = num_workers
        self.processes = []
        self.received = None  # The signal that told us to stop.
        self.to_send = []  # Signals that the workers are to have.

    def receive(self, number, frame):
        """Takes note: a handler as `signal.signal` wants it."""
        self.received = signal.Signals(number)
        self.to_send.append(self.received)  # A second Ctrl-C, too.

    def run(self):
        """Runs all workers to their end.

        Returns:
            0, or the status of the first to fail. One that says that starting
            again would not help goes before others.

        Raises:
            InputError: if the command cannot be started.
        """
        try:
            self._start()
            first = self.wait()
        finally:
            self._send(signal.SIGKILL)
        statuses = [_status(process) for process in self.processes]
        permanent = [s for s in statuses if 0 < s < RETRYABLE]
        return permanent[0] if permanent else first

    def wait(self):
        """Waits until all have ended.

        Returns:
            The status of the first that failed, 0 if none did.
        """
        first, deadline = 0, None
        while any(process.poll() is None for process in self.processes):
            first = first or self._failure()
            if first and deadline is None and not self.to_send:
                self.to_send.append(signal.SIGTERM)
            while self.to_send:
                number = self.to_send.pop(0)
                _say(f"Stopping all workers: {number.name}.")
                self._send(number)
                deadline = deadline or time.monotonic() + GRACE_SECONDS.value
            if deadline is not None and time.monotonic() > deadline:
                self._send(signal.SIGKILL)
            time.sleep(0.1)
        return first or self._failure()

    def _start(self):
        ports = free_ports(self.num_workers)
        addresses = [f"127.0.0.1:{port}" for port in ports]
        self.processes = []
        for index in range(self.num_workers):
            self.processes.append(
                _open(self.command, tf_config(addresses, index), index)
            )
        numbers = ", ".join(str(process.pid) for process in self.processes)
        _say(f"Started {self.num_workers} workers: processes {numbers}.")

    def _failure(self):
        """Returns the status of a worker that failed; 0 if none has."""
        failed = []
        for index, process in enumerate(self.processes):
            if status := _status(process):
                _say(f"Worker {index} ended with status {status}.")
                failed.append(status)
        # One that misses another has not failed of itself.
        return min(failed, key=lambda s: s == WORKER_LOST, default=0)

    def _send(self, number):
        for process in self.processes:
            process.send_signal(number)  # Not to one that has ended.


def main(command):
    """Runs the command's workers, again and again where that may help."""
    if not command:
        raise InputError(
            "A command must follow the flags: -- "
            f"{command_of('tools.train')} ... Received: none"
        )
    group = Group(command, NUM_WORKERS.value)
    with signals.handled_by(group.receive, *signals.ENDINGS):
        status = group.run()
        for number in range(1, MAX_RESTARTS.value + 1):
            if status < RETRYABLE or group.received:
                break
            _say(f"Starting all again: {number} of {MAX_RESTARTS.value}.")
            status = group.run()
    return status


def tf_config(addresses, index):
    """Returns the TF_CONFIG of one worker as JSON."""
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": addresses}, "task": task})


def free_ports(number):
    """Finds ports of this machine that are free."""
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            for _ in range(number)
        ]
        return [server.getsockname()[1] for server in sockets]


def _open(command, config, index):
    with contextlib.ExitStack() as stack:
        output = None
        if WORKER_LOGS.value:
            folder = pathlib.Path(WORKER_LOGS.value)
            folder.mkdir(parents=True, exist_ok=True)
            output = (folder / f"worker_{index}.log").open("ab")
            stack.enter_context(output)
        try:
            return subprocess.Popen(  # noqa: S603 It is the user's command.
                command,
                env={**os.environ, "TF_CONFIG": config},
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,  # Ctrl-C reaches it through us alone.
            )
        except OSError as error:
            raise InputError(
                "The command must be a program that can be started. Received: "
                f"{command[0]} ({error.strerror})"
            ) from None


def _status(process):
    """The status as shells have it; 0 for one that runs yet."""
    status = process.poll() or 0
    return status if status >= 0 else 128 - status


def _say(line):
    print(line, flush=True)


def run():
    """Runs the program."""
    program.run(main, takes_command=True, tensorflow=False)


if __name__ == "__main__":
    run()
