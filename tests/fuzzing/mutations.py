"""What fuzzers share: mutations, and the property that all inputs have."""

import os
import pathlib
import random
import resource
import time

import hypothesis
from hypothesis import strategies as st

from ali_keras.errors import InputError
from tests import programs

# Values that JSON may have in place of any other.
ODD = (
    *(None, True, -1, 0, 2**70, 10**400, 1e308, float("inf"), float("nan")),
    *("", "\ud800", "\0", "a\nb", [], {}, [[]], {"a": None}, "1", -0.0),
)
# One number for each input: hypothesis takes long to draw many.
seeds = st.integers(0, 2**32 - 1)


BATCH = 20  # Inputs for each number that hypothesis draws.


def run(num_inputs, one):
    """Runs the same inputs each time.

    Args:
        num_inputs: Integer, a multiple of `BATCH`.
        one: Function of an integer, which fixes the input.
    """

    def batch(seed):
        for number in range(BATCH):
            one(BATCH * seed + number)

    settings = hypothesis.settings(
        max_examples=num_inputs // BATCH,
        derandomize=True,
        database=None,
        deadline=30_000,  # Milliseconds: none may hang.
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    settings(hypothesis.given(seeds)(batch))()


def generator(seed):
    """A generator of random numbers for one input."""
    return random.Random(seed)  # noqa: S311 It keeps no secret.


def mutate_json(value, rng):
    """Changes a value that JSON has somewhere, a little or much."""
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(ODD)
    if isinstance(value, dict) and value:
        name = rng.choice([*value])
        if kind < 0.2:
            return {k: v for k, v in value.items() if k != name}
        if kind < 0.3:
            return {**value, name + rng.choice("x\n\ud800"): value[name]}
        return {**value, name: mutate_json(value[name], rng)}
    if isinstance(value, list) and value:
        where = rng.randrange(len(value))
        if kind < 0.3:
            return value[:where]
        changed = mutate_json(value[where], rng)
        return [*value[:where], changed, *value[where + 1 :]]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.choice((1, -1, 0.5, 100, 1e-9))
    return rng.choice(ODD)


def mutate_bytes(content, rng):
    """Changes bytes at random: some flipped, cut off, repeated or replaced."""
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        where = rng.randrange(len(content) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            del content[where:]
        elif kind == 1:
            content[where:where] = content[where : where + rng.randrange(64)]
        elif kind == 2:
            del content[where : where + rng.randrange(64)]
        elif content and kind == 3:
            content[where % len(content)] ^= 1 << rng.randrange(8)
        elif content:
            content[where % len(content)] = rng.choice(b'\0\xff"[]{}\\,:0')
    return bytes(content)


class Watch:
    """Counts outcomes, and sees what inputs leave behind.

    Args:
        folder: Path of the folder in which nothing may change, but for files
            of the names in `own`.
        own: Names of files that the fuzzer writes itself.
    """

    def __init__(self, folder, own=()):
        self.folder = pathlib.Path(folder)
        self.own = own
        self.accepted = self.refused = 0
        self.start = time.process_time()
        self.before = self._snapshot()
        self.memory = None

    def call(self, function, *arguments):
        """Calls a function; returns its result, `None` if it refuses."""
        if self.memory is None and self.accepted + self.refused == 100:
            self.memory = peak_memory()  # All is warm.
        try:
            result = function(*arguments)
        except InputError as error:
            assert "Received: " in str(error)
            assert len(str(error)) < 20_000
            self.refused += 1
            return None
        self.accepted += 1
        return result

    def check(self, most_mib=100):
        """Checks after all inputs that nothing grew and nothing was written."""
        print(
            f"{self.accepted} accepted, {self.refused} refused, "
            f"{time.process_time() - self.start:.0f} s of processor time"
        )  # Shown if it fails.
        assert self.refused > 0
        assert peak_memory() - self.memory < most_mib
        assert self._snapshot() == self.before
        assert len(os.listdir("/proc/self/fd")) < 500

    def _snapshot(self):
        files = programs.snapshot(self.folder)
        return {k: v for k, v in files.items() if k not in self.own}


def peak_memory():
    """The most memory that the process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
