"""Out of memory: what it is, and which of a program's flags to lower."""

import re

from absl import flags

from ali_keras.errors import first_line

# What memory grows with, the most telling first.
SIZES = (
    "num_images",
    "num_pairs",
    "num_rows",
    "steps",
    "batch_size",
    "latent_dim",
)
# TensorFlow has one class for all that can be used up, a disk too.
NO_MEMORY = re.compile(
    r"\bOOM\b|out of memory|allocat|cannot reserve", re.IGNORECASE
)


def is_exhausted(error):
    """Whether an exception says that memory does not suffice.

    Args:
        error: Exception. `numpy` raises a kind of `MemoryError`.
    """
    if isinstance(error, MemoryError):
        return True
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(
        kinds & {"ResourceExhaustedError", "InternalError"}
        and NO_MEMORY.search(str(error))
    )


def describe(error, module):
    """Says in one line that memory does not suffice, and what to lower.

    Args:
        error: Exception that `is_exhausted`.
        module: `__name__` of the program.
    """
    own = {f.name for f in flags.FLAGS.get_key_flags_for_module(module)}
    names = [f"--{name}" for name in SIZES if name in own]
    lower = f"; lower {' or '.join(names)}" if names else ""
    words = first_line(error) if str(error) else "no memory is left"
    reason = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", words).strip()
    return (
        f"Memory must suffice for all that is asked for{lower}. Received: "
        f"{reason}"
    )
