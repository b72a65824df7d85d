"""Checkpoints: files of all variables after a step, complete or absent.

step_N.weights.h5 holds weights, averages, statistics, the state of both
optimizers with their loss scales, and the step. An attribute of the file holds
the means of the epoch so far. `keras.Model.load_weights` reads the file. A
digest is appended to the file; HDF5 ignores it.
"""

import hashlib
import io
import json
import pathlib
import re
import sys
import warnings

import h5py
import tensorflow as tf

from ali_keras import files
from ali_keras.errors import InputError
from ali_keras.errors import NonFiniteError
from ali_keras.errors import command
from ali_keras.errors import first_line
from ali_keras.workdir import heap

DIGEST_SIZE = hashlib.sha256().digest_size


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: Path of the folder that holds them.
        num_kept: Integer. How many of the newest are kept; 0 is all.
    """

    def __init__(self, folder, num_kept=2):
        self.folder = pathlib.Path(folder)
        self.num_kept = num_kept

    def paths(self):
        """Returns a dictionary of paths by step, oldest first."""
        found = {}
        for path in self.folder.glob("step_*.weights.h5"):
            match = re.fullmatch(r"step_(\d+)\.weights\.h5", path.name)
            if match:
                found[int(match[1])] = path
        return dict(sorted(found.items()))

    def newest(self):
        """Returns (step, path), or (0, None) if there is none."""
        return next(reversed(self.paths().items()), (0, None))

    def save(self, model, means=None):
        """Writes a checkpoint of the model's step, and deletes old ones.

        Args:
            model: `ALI`, compiled.
            means: What `restore` is to return. JSON must be able to write it.

        Returns:
            Path of the checkpoint.

        Raises:
            NonFiniteError: if a variable is not finite. Nothing is written.
            InputError: if the file cannot be written.
        """
        step = int(model.step.numpy())
        check_finite(model)
        path = self.folder / f"step_{step:08d}.weights.h5"
        content = _to_bytes(model, means)
        files.write_bytes(path, content + _digest(content))
        del content
        heap.trim()
        self._drop_all_but(step)
        return path

    def restore(self, model):
        """Loads the newest undamaged checkpoint, if any, into a compiled model.

        It prints a warning on stderr for each damaged one that it skips.

        Returns:
            The means that were saved with it, or `None` if there is no
            checkpoint. The step is in the model.

        Raises:
            InputError: if all checkpoints are damaged, or if the newest
                undamaged one is another model's.
        """
        paths = list(self.paths().values())
        for path in reversed(paths):
            try:
                content = read(path)
            except (OSError, ValueError) as error:
                print(
                    f"warning: {path} is damaged ({first_line(error)}); "
                    "looking for the checkpoint before it",
                    file=sys.stderr,
                )
                continue
            return load(model, content, path)
        if paths:
            raise InputError(
                "A checkpoint must be a complete file as "
                f"{command('tools.train')} writes it; "
                "remove the damaged ones to train from the start. Received: "
                f"{self.folder}, where all {len(paths)} are damaged"
            )
        return None

    def _drop_all_but(self, newest):
        paths = self.paths()
        kept = [step for step in paths if step <= newest][-self.num_kept :]
        # Files of later steps are damaged: `restore` has skipped them.
        for step in paths.keys() - kept:
            paths[step].unlink()


def check_finite(model):
    """Checks that all variables of training are finite.

    Args:
        model: `ALI`, compiled.

    Raises:
        NonFiniteError: if one is not; it names the first.
    """
    finite = [
        (name, tf.reduce_all(tf.math.is_finite(variable.value)))
        for name, variable in _named(model)
        if "float" in variable.dtype
    ]
    for name, is_finite in finite:
        if not is_finite:
            raise NonFiniteError(int(model.step.numpy()), [name])


def _named(model):
    """Yields the names and variables of a model and of its optimizers."""
    for weight in model.weights:
        yield weight.path, weight
    for owner in ("generator_optimizer", "discriminator_optimizer"):
        for variable in getattr(model, owner).variables:
            # Keras numbers its optimizers, so "adam_7/..." is no fixed name.
            yield f"{owner}/{variable.path.split('/')[-1]}", variable


class _Memory(io.BytesIO):
    """A file in memory, because HDF5 ends the process on a full disk."""

    def __str__(self):
        return "memory.weights.h5"  # Keras requires such a name.


def _to_bytes(model, means):
    memory = _Memory()
    model.save_weights(memory)
    with h5py.File(memory, "r+") as file:
        # "figures" in the files of all versions.
        file.attrs["figures"] = json.dumps(means)
    return memory.getvalue()


def _digest(content):
    return hashlib.sha256(content).digest()


def read(path):
    """Returns a checkpoint's content.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is not what was written.
    """
    whole = path.read_bytes()
    content, digest = whole[:-DIGEST_SIZE], whole[-DIGEST_SIZE:]
    if digest != _digest(content):
        raise ValueError("its content is not what was written")
    return content


def load(model, content, path):
    """Loads a checkpoint's content into a compiled model; returns its means.

    Raises:
        InputError: if it is another model's.
    """
    try:
        with h5py.File(io.BytesIO(content)) as file:
            means = json.loads(file.attrs["figures"])
        with warnings.catch_warnings():
            # Keras only warns if the file lacks a variable.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(_Memory(content))
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise
    except Exception as error:  # Of a foreign file it may be any.
        raise InputError(
            "A checkpoint must belong to the model that is trained; use "
            f"another workdir. Received: {path} ({first_line(error)})"
        ) from None
    return means
