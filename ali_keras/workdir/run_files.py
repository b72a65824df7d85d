"""Reads the JSON files of a run, which people may have edited by hand.

Each function returns what the file of this name holds, or raises `InputError`
if the file is no JSON, or is not built as the programs write it.
"""

import numbers

from ali_keras import files
from ali_keras.errors import InputError
from ali_keras.errors import command


def read_record(path):
    """Reads training.json: a dictionary, see `record.describe_run`."""
    record = files.read_json(path)
    _check(
        path,
        "an object with the number of epochs that were trained",
        isinstance(record, dict) and _is_count(record.get("epochs")),
    )
    labels = record.get("labels")
    _check(
        path,
        "an object whose labels are null or a list of names",
        labels is None or _is_list_of(str, labels),
    )
    _check(
        path,
        "an object whose command and commit are text",
        isinstance(record.get("command", ""), str)
        and isinstance(record.get("commit") or "", str),
    )
    return record


def read_history(path):
    """Reads history.json: a dictionary of lists of a number for each epoch."""
    history = files.read_json(path)
    _check(
        path,
        "an object of lists of numbers",
        isinstance(history, dict)
        and all(
            _is_list_of(numbers.Real, v) and all(map(_is_number, v))
            for v in history.values()
        ),
    )
    return history


def read_rollbacks(path):
    """Reads rollbacks.json: a list of dictionaries of `step` and `terms`."""
    rollbacks = files.read_json(path)
    _check(
        path,
        "a list of objects with a step and the names of terms",
        _is_list_of(dict, rollbacks)
        and all(
            _is_count(each.get("step")) and _is_list_of(str, each.get("terms"))
            for each in rollbacks
        ),
    )
    return rollbacks


def read_metrics(path):
    """Reads metrics.json: a dictionary, as `evaluation.evaluate` returns it."""
    metrics = files.read_json(path)
    _check(
        path,
        "an object of numbers and of objects of numbers",
        isinstance(metrics, dict) and _has_numbers(metrics),
    )
    return metrics


def read_attributes(path):
    """Reads attributes.json: the names of a model's attributes, a list."""
    names = files.read_json(path)
    _check(path, "a list of names", _is_list_of(str, names))
    return names


def _check(path, what, is_so):
    if not is_so:
        raise InputError(
            f"{path.name} must be as {command('tools.train')} and "
            f"{command('tools.evaluate')} write it, "
            f"{what}. Received: {path}, which is not"
        )


def _has_numbers(metrics):
    # Here, for it loads scikit-learn, which few programs need.
    from ali_keras.evaluation.metrics_text import list_numbers

    try:
        found = [value for _, value in list_numbers(metrics)]
    except (AttributeError, LookupError, TypeError, ValueError):
        return False
    return all(
        isinstance(value, numbers.Real) and _is_number(value) for value in found
    )


def _is_count(value):
    return type(value) is int and 0 <= value < 2**63


def _is_number(value):
    # JSON has integers beyond the floats.
    return not isinstance(value, int) or abs(value) < 2**63


def _is_list_of(kind, value):
    return isinstance(value, list) and all(
        isinstance(x, kind) and not isinstance(x, bool) for x in value
    )
