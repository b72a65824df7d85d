"""Memory that is free goes back to the system."""

import ctypes


def trim():
    """Gives free pages of the process's heap back, where glibc can do it.

    Each checkpoint takes and frees pieces of its own size, between which
    smaller ones stay. Without this, a long run slowly holds more and more.
    """
    trim_heap = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim_heap is not None:
        trim_heap(0)
