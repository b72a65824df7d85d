"""Writing files whole or not at all."""

import contextlib
import json
import os
import pathlib

from ali_keras.errors import InputError


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary path that takes the place of `path` on success.

    The temporary file lies beside the final one and bears the same suffixes.
    After an error it is removed and `path` is as it was.

    Args:
        path: Path of the file to write. Its folder is made if need be.

    Raises:
        InputError: if the folder or the file cannot be written.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(
            f"The output must be a place that can be written. Received: "
            f"{path} ({error.strerror or error})"
        ) from None
    finally:
        with contextlib.suppress(OSError):  # It may never have been there.
            temporary.unlink()


def write_bytes(path, content):
    """Writes bytes, see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path, value):
    """Writes a value as indented JSON, see `replacing`."""
    text = json.dumps(value, indent=2) + "\n"
    write_bytes(path, text.encode())


def read_json(path):
    """Reads a JSON file."""
    return json.loads(pathlib.Path(path).read_text())
