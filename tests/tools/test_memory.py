"""Out of memory is told as such, with the flags to lower."""

import types

import numpy as np
import pytest
import tensorflow as tf

from ali_keras.command_line import common_flags
from ali_keras.command_line import memory
from ali_keras.command_line import program
from tests import programs
from tools import generate
from tools import train

common_flags.declare(__name__, "batch_size")
TENSORFLOW = (
    "{{function_node __wrapped__Fill}} OOM when allocating tensor with "
    "shape[1000000000,4096] and type float by allocator cpu [Op:Fill]"
)
FULL_DISK = "/data/run/.1.generated.tfrecord; No space left on device"
RULE = "Memory must suffice for all that is asked for"


def end(error, capfd):
    """The line with which a program ends if its `main` raises."""

    def main():
        raise error

    ours = types.SimpleNamespace(
        __name__="ours", run=lambda: program.run(main, tensorflow=False)
    )
    return programs.error_line(programs.start(ours), capfd.readouterr())


def exhausted(message):
    return tf.errors.ResourceExhaustedError(None, None, message)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "no memory is left"),
        (exhausted(TENSORFLOW), "OOM when allocating tensor"),
        (
            tf.errors.InternalError(None, None, "Failed to allocate 4 bytes"),
            "Failed to allocate",
        ),
    ],
)
def test_it_is_one_line_that_says_what_to_lower(error, reason, capfd):
    line = end(error, capfd)
    assert line.startswith(f"error: {RULE}; lower --batch_size. Received: ")
    assert reason in line and "{{" not in line


def test_numpy_s_own_error_is_meant_too(capfd):
    with pytest.raises(MemoryError) as caught:
        np.empty(2**60, np.uint8)
    assert "Received: Unable to allocate 1.00 EiB" in end(caught.value, capfd)


@pytest.mark.parametrize(
    "error",
    [exhausted(FULL_DISK), tf.errors.InternalError(None, None, "A bug.")],
)
def test_other_trouble_is_not(error, capfd):
    assert "could not be read or written" in end(error, capfd)


@pytest.mark.parametrize(
    ("tool", "names"),
    [
        (generate, "--num_images"),
        (train, "--batch_size or --latent_dim"),
    ],
)
def test_a_program_names_its_own_flags(tool, names):
    line = memory.describe(MemoryError(), tool.__name__)
    assert line.startswith(f"{RULE}; lower {names}. ")
