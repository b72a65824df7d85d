"""Text that comes in as flags, and text that a terminal cannot show."""

import contextlib

from absl import flags

from ali_keras.errors import InputError
from ali_keras.settings import is_text


def check_flags():
    """Refuses flags that are no text: TensorFlow takes paths in UTF-8 only.

    Raises:
        InputError: if a flag's value is not UTF-8, or has a zero byte.
    """
    for name in flags.FLAGS:
        value = flags.FLAGS[name].value
        if isinstance(value, str) and not is_text(value):
            raise InputError(
                "Flags must be text in UTF-8 without zero bytes, names of "
                f"files too. Received: --{name}={ascii(value)[1:-1]}"
            )


def print_any_text(stream):
    """Lets a stream print what its encoding lacks: escaped, as stderr does.

    Names of files that are not UTF-8 come with the data.

    Args:
        stream: `sys.stdout`, or what stands in its place.
    """
    with contextlib.suppress(AttributeError):  # It need not be a file.
        stream.reconfigure(errors="backslashreplace")
