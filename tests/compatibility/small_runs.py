"""Small runs: how they are trained, evaluated and exported by the programs.

All paths in them are relative, so that a recorded workdir can be continued
in any folder that has its data set in `data`.
"""

import contextlib
import json
import pathlib

from export import saved_model
from tests import programs
from tests.compatibility import servables
from tools import evaluate
from tools import train

RECORDED = pathlib.Path(__file__).parent / "recorded"
DATA = "data"
# The flags of each run. "plane" and "images" are recorded as workdirs: the
# networks for images that a preset has would take tens of megabytes.
RUNS = {
    "mnist": programs.SMALL,
    "mixture": (
        "--preset=mixture",
        "--dataset=mixture_25",
        "--batch_size=20",
        "--steps_per_epoch=2",
        "--precision=float32",
    ),
    "plane": (
        "--preset=mixture",
        "--dataset=mixture_5",
        "--batch_size=20",
        "--steps_per_epoch=2",
        "--precision=float32",
    ),
    "images": programs.TINY,
}
# The files that are recorded of a workdir: "plane" as it is before the second
# epoch of two, "images" when it is finished. Pictures and logs are left out.
WORKDIRS = {
    "plane": ("config.json", "history.json", "checkpoints"),
    "images": (
        "config.json",
        "history.json",
        "training.json",
        "model.keras",
        "checkpoints",
    ),
}


def networks_of(name):
    """Context in which the run's preset builds the networks of the run."""
    if name == "images":
        return programs.tiny_networks()
    return contextlib.nullcontext()


def store_data(name):
    """Stores data that the programs do not prepare by themselves."""
    if name == "images":
        sizes = {"train": 64, "test": 16}
        programs.store_dataset(DATA, "tiny", sizes, (4, 4, 1))


def continue_training(name, path, epochs):
    """Trains a run to an epoch, from where its workdir stands."""
    flags = [f"--data_dir={DATA}", f"--workdir={path}", f"--epochs={epochs}"]
    with networks_of(name):
        _start(train, *RUNS[name], *flags, "--keep_checkpoints=1")


def measure(name, path):
    """Runs tools.evaluate on a workdir; returns its metrics."""
    with networks_of(name):
        _start(evaluate, f"--workdir={path}")
    return json.loads((path / "metrics.json").read_text())


def export(name, path, output):
    """Runs export.saved_model on a workdir; returns the servables' answers."""
    with networks_of(name):
        _start(saved_model, f"--workdir={path}", f"--output={output}")
    return servables.answers(output)


def _start(program, *flags):
    status = programs.start(program, *flags)
    if status:
        raise RuntimeError(f"{program.__name__} ended with status {status}")
