"""Arrays of any length for functions that take batches of one size."""

import numpy as np


def run(function, batch_size, **arrays):
    """Calls a function of batches on an array of any length.

    Args:
        function: Takes a batch by the array's name, and returns a dictionary
            of tensors or arrays by name.
        batch_size: Integer.
        **arrays: One array `(num_examples, ...)` by its name.

    Returns:
        Dictionary of arrays `(num_examples, ...)` by name.
    """
    [(name, array)] = arrays.items()
    outputs = [
        function(**{name: batch}) for batch in batches(array, batch_size)
    ]
    return {
        key: np.concatenate([part[key] for part in outputs])[: len(array)]
        for key in outputs[0]
    }


def batches(array, batch_size):
    """Yields batches of one size; the last begins anew where it lacks some."""
    for start in range(0, len(array), batch_size):
        yield array[np.arange(start, start + batch_size) % len(array)]
