"""The records in results/: one JSON-lines file for each experiment.

A line is one run. results/README.md says what its keys mean.
"""

import json
import pathlib

from ali_keras import files
from ali_keras.errors import InputError

FOLDER = pathlib.Path(__file__).parents[2] / "results"


def path(experiment):
    """Returns the path of an experiment's file."""
    return FOLDER / f"{experiment}.jsonl"


def read(file):
    """Reads the runs of a file.

    Args:
        file: Path of a JSON-lines file.

    Returns:
        List of dictionaries, in the order of the file.

    Raises:
        InputError: if a line is no JSON.
    """
    text = pathlib.Path(file).read_text()
    try:
        return [json.loads(line) for line in text.splitlines()]
    except ValueError as error:
        raise InputError(
            "A record must be a file with one JSON object a line. Received: "
            f"{file} ({error})"
        ) from None


def write(file, runs):
    """Writes the runs of a file, whole or not at all.

    Args:
        file: Path of a JSON-lines file.
        runs: Sequence of dictionaries that `json` can write.
    """
    lines = [json.dumps(run) + "\n" for run in runs]
    files.write_bytes(file, "".join(lines).encode())


def add(file, run):
    """Adds a run to a file, in place of that of the same name and seed.

    Args:
        file: Path of a JSON-lines file, which need not exist.
        run: Dictionary, as `write` takes; `name` and `seed` are its key.
    """
    file = pathlib.Path(file)
    others = read(file) if file.exists() else []
    runs = [other for other in others if _key(other) != _key(run)]
    write(file, sorted([*runs, run], key=_key))


def _key(run):
    return run["name"], run["seed"]


def describe(name, run, metrics):
    """Returns the line of a measurement that is no training.

    Args:
        name: String, the name of the measurement.
        run: Dictionary, see `workdir.record.describe_run`.
        metrics: What was measured; `json` can write it.
    """
    return {"name": name, **run, "metrics": metrics}


def by_name(runs):
    """Returns a dictionary of the runs of each name, in their order."""
    groups = {}
    for run in runs:
        groups.setdefault(run["name"], []).append(run)
    return groups
