"""Adds a finished and evaluated run to the records of an experiment.

python -m tools.documents.add_record --workdir=runs/mnist/seed_0 \
    --output=results/mnist.jsonl --name=mnist

The run becomes one line of the file. It replaces the line of the same name and
seed. `make docs` then writes the tables anew.
"""

import pathlib

from absl import flags

from ali_keras import files
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.errors import InputError
from tools.documents import records

common_flags.declare(__name__, "workdir", "output")
NAME = flags.DEFINE_string(
    "name", None, "Name of the run's column. Default: the file's name."
)


def main():
    """Writes the file with the run in it."""
    path = pathlib.Path(common_flags.output_folder())
    record = describe(common_flags.workdir(), NAME.value or path.stem)
    records.add(path, record)
    print(f"{path}: {record['name']}, seed {record['seed']}")


def describe(workdir, name):
    """Returns the line of a run.

    Args:
        workdir: `Workdir`. Its run is finished and evaluated.
        name: String, the name of the run's column.

    Raises:
        InputError: if the run is not finished or not evaluated.
    """
    for path in (workdir.training, workdir.metrics):
        if not path.exists():
            raise InputError(
                "A run must be finished by tools.train and measured by "
                f"tools.evaluate. Received: {workdir.path}, without {path.name}"
            )
    config = files.read_json(workdir.config)
    return {
        "name": name,
        "seed": config["seed"],
        **files.read_json(workdir.training),
        "config": config,
        "metrics": files.read_json(workdir.metrics),
        "seconds": sum(files.read_json(workdir.history)["seconds"]),
    }


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
