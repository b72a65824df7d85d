"""Keeping off the terminal what libraries in C++ write to it."""

import contextlib
import os
import sys
import warnings


@contextlib.contextmanager
def quiet():
    """Silences stdout, stderr and Python's warnings while the body runs.

    Exceptions pass. LiteRT and TensorFlow's converter print what no setting
    turns off, to the descriptors themselves; and the converter calibrates by
    an interpreter that warns of its own removal.
    """
    streams = (sys.stdout, sys.stderr)
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        nowhere = stack.enter_context(open(os.devnull, "w"))
        for stream, descriptor in zip(streams, (1, 2), strict=True):
            stream.flush()
            copy = os.dup(descriptor)
            # Undone in reverse order: what Python still holds goes nowhere.
            stack.callback(os.close, copy)
            stack.callback(os.dup2, copy, descriptor)
            stack.callback(stream.flush)
            os.dup2(nowhere.fileno(), descriptor)
        yield
