"""Arrays of any length for functions that take batches of one size.

Needs NumPy alone: the client uses it where TensorFlow is not installed.
"""

import numpy as np


def fill(rows, batch_size):
    """Repeats the last row up to a multiple of a batch size.

    Args:
        rows: Array `(num_rows, ...)` of at least one row.
        batch_size: Integer.

    Returns:
        Array `(num_rows + missing, ...)`. The first `num_rows` rows of what
        is computed from it belong to `rows`.
    """
    missing = -len(rows) % batch_size
    return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])


def batches(arrays, batch_size):
    """Cuts arrays of one length into batches of one size, the last filled up.

    Args:
        arrays: Dictionary of arrays `(num_rows, ...)` by name.
        batch_size: Integer.

    Yields:
        Dictionary of arrays `(batch_size, ...)` by name.
    """
    filled = {name: fill(rows, batch_size) for name, rows in arrays.items()}
    length = max(map(len, filled.values()))
    for start in range(0, length, batch_size):
        part = slice(start, start + batch_size)
        yield {name: rows[part] for name, rows in filled.items()}


def run(function, batch_size, **arrays):
    """Calls a function of batches on arrays of any length.

    Args:
        function: Takes a batch of each array by its name, and returns a
            dictionary of tensors or arrays by name.
        batch_size: Integer.
        **arrays: Arrays `(num_rows, ...)` of one length.

    Returns:
        Dictionary of arrays `(num_rows, ...)` by name.

    Raises:
        ValueError: if the arrays differ in length.
    """
    lengths = {name: len(rows) for name, rows in arrays.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"Arrays must be of one length. Received: {lengths}")
    outputs = [function(**batch) for batch in batches(arrays, batch_size)]
    num_rows = max(lengths.values())
    return {
        name: np.concatenate([part[name] for part in outputs])[:num_rows]
        for name in outputs[0]
    }
