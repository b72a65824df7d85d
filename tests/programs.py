"""Helpers: programs in this process or their own, small data, file contents."""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import zipfile
from unittest import mock

import h5py
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from absl.testing import flagsaver

from ali_keras.architectures import ARCHITECTURES
from ali_keras.workdir.workdir import Workdir
from tests import tiny
from tools import train

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
# A run as small as can be.
SMALL = (
    "--dataset=mnist_5k",
    "--preset=mnist",
    "--batch_size=20",
    "--steps_per_epoch=2",
    "--precision=float32",
)

# The same on the data set of `store_tiny`, with the networks of tests.tiny.
TINY = (
    "--dataset=tiny",
    "--preset=mnist",
    "--batch_size=8",
    "--steps_per_epoch=3",
    "--precision=float32",
    "--discriminator_learning_rate=1e-3",
)
TINY_TRAIN = """
from tests import programs
from tools import train
with programs.tiny_networks():
    train.run()
"""


def start(program, *arguments):
    """Starts a program in this process as a shell would; returns its status.

    Args:
        program: Module with a function `run`.
        *arguments: Strings, such as "--seed=1".
    """
    command = [program.__name__, *map(str, arguments)]
    with flagsaver.flagsaver(), mock.patch.object(sys, "argv", command):
        try:
            program.run()
        except SystemExit as ending:
            return ending.code
    raise AssertionError("A program must end by sys.exit.")


@contextlib.contextmanager
def tiny_networks():
    """Lets the preset "mnist" build the networks of tests.tiny."""
    with mock.patch.dict(ARCHITECTURES, compact=tiny.TINY):
        yield


def train_tiny(path, *flags):
    """Starts a training with `TINY` flags in this process.

    Returns:
        Tuple of the exit status and the `Workdir`.
    """
    with tiny_networks():
        status = start(train, *TINY, f"--workdir={path}", *flags)
    return status, Workdir(path)


def open_train(*flags, tiny=False, **options):
    """Opens a process of tools.train."""
    how = ("-c", TINY_TRAIN) if tiny else ("-m", "tools.train")
    return popen(sys.executable, "-u", *how, *flags, **options)


def popen(*command, cwd=CHECKOUT, **options):
    """Opens a process in the checkout, with its output piped."""
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(*command, **options):
    """Runs a process; returns its status, stdout and stderr."""
    with popen(*command, **options) as process:
        output, errors = process.communicate(timeout=300)
    return process.returncode, output, errors


def error_line(status, captured):
    """Returns the one line with which a program refused its input."""
    assert status not in (0, None)
    assert "Traceback" not in captured.err
    (line,) = [x for x in captured.err.splitlines() if x.startswith("error: ")]
    return line


def snapshot(folder):
    """Contents and times of all files below a folder, by relative path."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime)
        for path in sorted(pathlib.Path(folder).rglob("*"))
        if path.is_file()
    }


def saved_variables(model_file):
    """Bytes of all variables in a `.keras` file, by their path in it."""
    with zipfile.ZipFile(model_file) as pack:
        weights = io.BytesIO(pack.read("model.weights.h5"))
    variables = {}

    def collect(name, item):
        if isinstance(item, h5py.Dataset):
            variables[name] = item[()].tobytes()

    with h5py.File(weights) as file:
        file.visititems(collect)
    return variables


def differences(workdir, other):
    """Names of what differs at the end of two runs, but for seconds.

    Weights, averages, statistics, optimizers and the step byte by byte, and
    the figures of each epoch.
    """
    variables, others = (saved_variables(w.model) for w in (workdir, other))
    histories = [json.loads(w.history.read_text()) for w in (workdir, other)]
    assert variables.keys() == others.keys()
    assert histories[0].keys() == histories[1].keys()
    assert len(histories[0].pop("seconds")) == len(histories[1]["seconds"])
    names = [name for name in variables if variables[name] != others[name]]
    return names + [k for k, v in histories[0].items() if v != histories[1][k]]


def store_tiny(data_dir):
    """Stores the data set that `TINY` names."""
    store_dataset(data_dir, "tiny", {"train": 64, "test": 8}, (4, 4, 1), False)


def store_dataset(data_dir, name, num_images, shape=(28, 28, 1), label=True):
    """Stores random images as a prepared TFDS data set.

    Args:
        data_dir: Folder.
        name: String.
        num_images: Dictionary of the size of each split.
        shape: Tuple `(height, width, channels)`.
        label: Boolean. Whether the examples have a label, 0 or 1 in turn.
    """
    rng = np.random.default_rng(0)
    features = {"image": tfds.features.Image(shape=shape)}
    if label:
        features["label"] = tfds.features.ClassLabel(num_classes=2)
    splits = {}
    for split, count in num_images.items():
        arrays = {"image": rng.integers(0, 256, (count, *shape), np.uint8)}
        if label:
            arrays["label"] = np.arange(count) % 2
        splits[split] = tf.data.Dataset.from_tensor_slices(arrays)
    store_splits(data_dir, name, features, splits)


def store_splits(data_dir, name, features, splits, version="1.0.0"):
    """Stores `tf.data.Dataset`s as the splits of a prepared TFDS data set."""
    with contextlib.redirect_stderr(io.StringIO()):  # Progress bars.
        tfds.dataset_builders.store_as_tfds_dataset(
            name,
            version,
            features=tfds.features.FeaturesDict(features),
            split_datasets=splits,
            data_dir=os.fspath(data_dir),
        )
