"""How far values are from recorded ones."""

import numpy as np


def distances(values, recorded):
    """Relative distance of each array to the recorded one of its name.

    Args:
        values: Dictionary of arrays.
        recorded: Dictionary of arrays with the same names.

    Returns:
        Dictionary: norm of the difference over the norm of the recorded one.
    """
    assert set(values) == set(recorded)
    return {name: _distance(values[name], recorded[name]) for name in values}


def flatten(figures, prefix=""):
    """Returns the numbers in nested dictionaries and lists by their path."""
    if isinstance(figures, dict):
        items = figures.items()
    elif isinstance(figures, list):
        items = enumerate(figures)
    else:
        return {prefix: figures}
    return {
        name: number
        for key, value in items
        for name, number in flatten(value, f"{prefix}/{key}").items()
    }


def _distance(value, recorded):
    value, recorded = (np.asarray(x, "float64") for x in (value, recorded))
    assert value.shape == recorded.shape
    difference = np.linalg.norm(value - recorded)
    return float(difference / max(np.linalg.norm(recorded), 1e-12))
