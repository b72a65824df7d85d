"""Checkpoints: all variables after a step, each file whole or not at all.

step_N.weights.h5 holds weights, averages, statistics, the state of both
optimizers with their loss scales, and the step; as attributes a digest of all
that, and the figures of the epoch so far. `keras.Model.load_weights` reads it.
"""

import hashlib
import json
import pathlib
import re
import sys

import h5py
import tensorflow as tf

from ali_keras import files
from ali_keras.errors import InputError
from ali_keras.errors import NonFiniteError


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: Path of the folder that holds them.
        num_kept: Integer. How many are kept, the newest; 0 is all.
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

    def save(self, model, figures=None):
        """Writes a checkpoint of the model's step, and drops old ones.

        Args:
            model: `ALI`, compiled.
            figures: What JSON can write, for `restore` to return.

        Returns:
            Path of the checkpoint.

        Raises:
            NonFiniteError: if a variable is not finite. Nothing is written.
            InputError: if the file cannot be written.
        """
        step = int(model.step.numpy())
        check_finite(model)
        path = self.folder / f"step_{step:08d}.weights.h5"
        with files.replacing(path) as temporary:
            model.save_weights(temporary)
            with h5py.File(temporary, "r+") as file:
                file.attrs["sha256"] = _digest(file)
                file.attrs["figures"] = json.dumps(figures)
        self._drop_old()
        return path

    def restore(self, model):
        """Loads the newest whole checkpoint, if any, into a compiled model.

        Says on stderr which damaged ones it passed over.

        Returns:
            The figures that were saved with it; `None` if there is no
            checkpoint. The step is the model's.

        Raises:
            InputError: if no checkpoint is whole, or it is another model's.
        """
        paths = list(self.paths().values())
        for path in reversed(paths):
            try:
                figures = _verify(path)
            except Exception as error:  # h5py raises many kinds.
                print(
                    f"warning: {path} is damaged ({_first_line(error)}); "
                    "looking for the checkpoint before it",
                    file=sys.stderr,
                )
                continue
            _load(model, path)
            return figures
        if paths:
            raise InputError(
                "A checkpoint must be a whole file as ali-train writes it; "
                "remove them to start anew. Received: "
                f"{self.folder}, where all {len(paths)} are damaged"
            )
        return None

    def _drop_old(self):
        for path in list(self.paths().values())[: -self.num_kept]:
            path.unlink()


def check_finite(model):
    """Checks that all variables of training are finite.

    Args:
        model: `ALI`, compiled.

    Raises:
        NonFiniteError: if one is not; it names the first.
    """
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    variables = [v for owner in (model, *optimizers) for v in _floats(owner)]
    finite = [tf.reduce_all(tf.math.is_finite(v.value)) for v in variables]
    for variable, is_finite in zip(variables, finite, strict=True):
        if not is_finite:
            raise NonFiniteError(int(model.step.numpy()), [variable.path])


def _floats(owner):
    variables = getattr(owner, "weights", owner.variables)
    return [v for v in variables if "float" in v.dtype]


def _digest(file):
    digest = hashlib.sha256()

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            digest.update(name.encode())
            digest.update(item[()].tobytes())

    file.visititems(add)
    return digest.hexdigest()


def _verify(path):
    """Returns a checkpoint's figures, raises if it is not as it was written."""
    with h5py.File(path, "r") as file:
        if file.attrs["sha256"] != _digest(file):
            raise ValueError("its content is not what was written")
        return json.loads(file.attrs["figures"])


def _load(model, path):
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            "A checkpoint must be of the model that is trained on; use another "
            f"workdir. Received: {path} ({_first_line(error)})"
        ) from None


def _first_line(error):
    return str(error).strip().split("\n")[0]
