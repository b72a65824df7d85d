"""Records what this version computes, for later versions to be compared with.

python -m tests.compatibility.record --output=build/recorded

Writes, below OUTPUT:

steps.json            SHA-256 of all variables after 20 steps, and the figures
steps/PRESET.npz      some elements of each of these variables
flags.json            the flags of every program
small_runs.json       metrics of small runs, and their history when continued
answers/RUN.npz       what their exported servables answer
resumed/RUN.npz       some elements of each variable when continued
workdirs/RUN          workdirs of one epoch

`recorded` holds what the version before the packages wrote. Digests agree
on one machine only: with --compare=FOLDER the program says which differ from
a recording made on the same machine.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import sys
import tempfile

import keras
import numpy as np

from tests.compatibility import program_flags
from tests.compatibility import small_runs
from tests.compatibility import steps


def main():
    """Makes all recordings in a temporary folder."""
    arguments = _parse_arguments()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
    ):
        _write_json(arguments.output / "flags.json", _list_flags())
        _record_steps(arguments.output, arguments.cifar10_dir)
        _record_small_runs(arguments.output)
    if arguments.compare:
        differing = _differences(arguments.output, arguments.compare)
        print(*(differing or ["No difference."]), sep="\n")
        sys.exit(bool(differing))


def _parse_arguments():
    # Not absl's flags: those of the programs are defined in this process.
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=_absolute, required=True)
    parser.add_argument("--compare", type=_absolute)
    parser.add_argument(
        "--cifar10_dir", help="Folder of prepared CIFAR-10. Default: TFDS' own."
    )
    return parser.parse_args()


def _absolute(path):
    return pathlib.Path(path).resolve()


def _list_flags():
    return {
        name: program_flags.list_flags(name) for name in program_flags.PROGRAMS
    }


def _record_steps(output, cifar10_dir):
    results = {}
    for preset, (dataset, _) in steps.RUNS.items():
        data_dir = cifar10_dir if dataset == "cifar10" else small_runs.DATA
        path = pathlib.Path(f"steps_{preset}")
        model = steps.train(preset, data_dir, path, deterministic=True)
        means, last = steps.losses(path)
        values = steps.variables(model)
        results[preset] = {
            "sha256": steps.digest(values),
            "means": means,
            "last_step": last,
        }
        _write_arrays(output / "steps" / f"{preset}.npz", steps.sample(values))
        shutil.rmtree(path)
        _write_json(output / "steps.json", results)


def _record_small_runs(output):
    results = {}
    for name in small_runs.RUNS:
        small_runs.store_data(name)
        path = pathlib.Path(name)
        small_runs.continue_training(name, path, epochs=1)
        if name in small_runs.WORKDIRS:
            files = small_runs.WORKDIRS[name]
            _copy_files(path, output / "workdirs" / name, files)
        answers = small_runs.export(name, path, f"{name}_export")
        _write_arrays(output / "answers" / f"{name}.npz", answers)
        results[name] = {"metrics": small_runs.measure(name, path)}
        small_runs.continue_training(name, path, epochs=2)
        model = keras.models.load_model(path / "model.keras")
        values = steps.variables(model)
        results[name]["resumed_sha256"] = steps.digest(values)
        _write_arrays(output / "resumed" / f"{name}.npz", steps.sample(values))
        history = json.loads((path / "history.json").read_text())
        del history["seconds"]
        results[name]["resumed"] = history
        _write_json(output / "small_runs.json", results)


def _copy_files(path, output, names):
    output.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (path / name).is_dir():
            shutil.copytree(path / name, output / name, dirs_exist_ok=True)
        else:
            shutil.copy(path / name, output / name)


def _differences(output, other):
    """Returns the names of the recordings whose values differ."""
    paths = [*output.rglob("*.json"), *output.rglob("*.npz")]
    names = [path.relative_to(output) for path in paths]
    return [
        str(name)
        for name in sorted(names)
        if name.parts[0] != "workdirs"  # They hold times and commits.
        and not _is_equal(output / name, other / name)
    ]


def _is_equal(path, other):
    if not other.exists():
        return False
    if path.suffix == ".json":
        return json.loads(path.read_text()) == json.loads(other.read_text())
    with np.load(path) as ours, np.load(other) as theirs:
        return set(ours) == set(theirs) and all(
            ours[name].tobytes() == theirs[name].tobytes() for name in ours
        )


def _write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def _write_arrays(path, arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main()
