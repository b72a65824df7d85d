"""Writing files whole or not at all."""

import contextlib
import errno
import json
import os
import pathlib
import re

from ali_keras.errors import InputError

_unfinished = set()  # Temporary paths that `replacing` has given out.


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary path that takes the place of `path` on success.

    The temporary file lies beside the final one and bears the same suffixes.
    After an error it is removed and `path` is as it was: so are its folders.

    Args:
        path: Path of the file to write. Its folder is made if need be.

    Raises:
        InputError: if the folder or the file cannot be written.
    """
    path = pathlib.Path(path)
    check_is_file_path(path)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    _unfinished.add(temporary)
    with writable(path), making(path.parent):
        try:
            yield temporary
            if temporary.is_file():
                _write_through(temporary)
            os.replace(temporary, path)
        finally:
            _remove(temporary)
            _unfinished.discard(temporary)


@contextlib.contextmanager
def making(folder):
    """Makes a folder; after an error in the body it is as it was before.

    Of the folder and those above it, the ones that were made here are removed
    again, unless something else is in them.

    Args:
        folder: Path.
    """
    folder = pathlib.Path(folder)
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for path in missing:
                path.rmdir()
        raise


def check_is_file_path(path):
    """Checks that a path can be a file's: before the work, not after it.

    Raises:
        InputError: if it is a folder, or has no name.
    """
    path = pathlib.Path(path)
    if path.name in ("", "..") or path.is_dir():
        raise InputError(
            "The output must be a place that can be written, of a file. "
            f"Received: {path} ({os.strerror(errno.EISDIR)})"
        )


def abandon():
    """Removes what is half-written, for a process that is to end at once."""
    for temporary in _unfinished:
        _remove(temporary)


def _remove(path):
    with contextlib.suppress(OSError):  # It may never have been there.
        path.unlink()


@contextlib.contextmanager
def writable(path):
    """Turns what the system says of a place into an `InputError`."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise InputError(
            "The output must be a place that can be written, with space left. "
            f"Received: {path} ({reason})"
        ) from None


def remove_temporary(folder):
    """Removes the files that a killed `replacing` left in a folder."""
    for path in pathlib.Path(folder).glob(".*"):
        if re.match(r"\.\d+\.", path.name) and path.is_file():
            path.unlink()


def _write_through(path):
    # To the disk, before the name: after a power failure too, a file is whole.
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write_bytes(path, content):
    """Writes bytes, see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path, value):
    """Writes a value as indented JSON, see `replacing`."""
    text = json.dumps(value, indent=2) + "\n"
    write_bytes(path, text.encode())


def read_json(path):
    """Reads a JSON file.

    Raises:
        InputError: if it is no JSON.
    """
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # Nested too deeply.
        raise InputError(
            "A file must be whole, as it was written. Received: "
            f"{path} ({error})"
        ) from None
