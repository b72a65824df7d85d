"""A run's folder: what lies where, and how a run is found again.

config.json                      the resolved configuration
history.json                     figures of each finished epoch
checkpoints/epoch_N.weights.h5   all variables after N epochs
model.keras                      the trained model
training.json                    record of a finished training
"""

import pathlib
import re
from zipfile import BadZipFile

import keras

from ali_keras import files
from ali_keras.config import Config
from ali_keras.errors import InputError
from ali_keras.record import describe_run

NUM_KEPT_CHECKPOINTS = 2


class Workdir:
    """Paths and files of one run.

    Args:
        path: Path of the folder.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.config = self.path / "config.json"
        self.history = self.path / "history.json"
        self.checkpoints = self.path / "checkpoints"
        self.model = self.path / "model.keras"
        self.training = self.path / "training.json"

    def check(self, config):
        """Checks that the folder is free or this configuration's.

        Args:
            config: `Config`. May differ from the folder's in `epochs` only,
                and only upwards.

        Raises:
            InputError: if the folder is another configuration's.
        """
        if not self.config.exists():
            return
        existing = Config.read(self.config)
        for name in config.differences(existing):
            old, new = getattr(existing, name), getattr(config, name)
            if name == "epochs" and new > old:
                continue
            raise InputError(
                "A workdir's configuration must stay as it is, but for more "
                f"epochs; or use another workdir. {self.path} has "
                f"{name}={old}. Received: {name}={new}"
            )

    def claim(self, config):
        """Writes the configuration.

        Raises:
            InputError: if the folder cannot be written.
        """
        config.write(self.config)

    def is_finished(self, config):
        """Whether training has gone through all epochs of a configuration."""
        if not (self.training.exists() and self.model.exists()):
            return False
        return files.read_json(self.training)["epochs"] >= config.epochs

    def newest_checkpoint(self):
        """Returns (epochs trained, path), or (0, None) if there is none."""
        found = sorted(self._numbered_checkpoints())
        return found[-1] if found else (0, None)

    def save_checkpoint(self, model, epochs):
        """Writes a checkpoint, whole or not at all, and drops old ones."""
        path = self.checkpoints / f"epoch_{epochs:06d}.weights.h5"
        with files.replacing(path) as temporary:
            model.save_weights(temporary)
        for _, old in sorted(self._numbered_checkpoints())[
            :-NUM_KEPT_CHECKPOINTS
        ]:
            old.unlink()

    def restore(self, model):
        """Loads the newest checkpoint, if any, into a compiled model.

        Returns:
            Number of epochs that the checkpoint has trained.

        Raises:
            InputError: if the file cannot be read.
        """
        epochs, path = self.newest_checkpoint()
        if path is None:
            return 0
        try:
            model.load_weights(path)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                "A checkpoint must be a whole file as ali-train writes it; "
                "remove it to go on from the one before. Received: "
                f"{path} ({_first_line(error)})"
            ) from None
        return epochs

    def finish(self, model, config):
        """Writes the trained model, then the record that it is finished."""
        with files.replacing(self.model) as temporary:
            model.save(temporary)
        files.write_json(self.training, describe_run(config.epochs))

    def load(self):
        """Loads a trained model and its configuration.

        Returns:
            Tuple of `ALI` and `Config`.

        Raises:
            InputError: if the folder holds no trained model.
        """
        config = Config.read(self.config)
        if not self.is_finished(config):
            raise InputError(
                "A workdir must hold a finished training; run ali-train on it "
                f"to the end. Received: {self.path}, not finished"
            )
        try:
            return keras.models.load_model(self.model), config
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise InputError(
                "model.keras must be a whole file as ali-train writes it. "
                f"Received: {self.model} ({_first_line(error)})"
            ) from None

    def _numbered_checkpoints(self):
        for path in self.checkpoints.glob("epoch_*.weights.h5"):
            match = re.fullmatch(r"epoch_(\d+)\.weights\.h5", path.name)
            if match:
                yield int(match[1]), path


def _first_line(error):
    return str(error).strip().split("\n")[0]
