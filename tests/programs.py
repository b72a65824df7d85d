"""Helpers: programs in this process or their own, small data, file contents."""

import contextlib
import io
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

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
# A run as small as can be.
SMALL = (
    "--dataset=mnist_5k",
    "--preset=mnist",
    "--batch_size=20",
    "--steps_per_epoch=2",
    "--precision=float32",
)


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


def popen(*command):
    """Opens a process in the checkout, with its output piped."""
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*command):
    """Runs a process; returns its status, stdout and stderr."""
    with popen(*command) as process:
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


def store_splits(data_dir, name, features, splits):
    """Stores `tf.data.Dataset`s as the splits of a prepared TFDS data set."""
    with contextlib.redirect_stderr(io.StringIO()):  # Progress bars.
        tfds.dataset_builders.store_as_tfds_dataset(
            name,
            "1.0.0",
            features=tfds.features.FeaturesDict(features),
            split_datasets=splits,
            data_dir=os.fspath(data_dir),
        )
