"""A run's folder: its files, and how a run is found again.

`file_list` says what each file is.
"""

import contextlib
import fcntl
import os
import pathlib
import warnings
import zipfile

import keras
import tensorflow as tf

from ali_keras import files
from ali_keras.config import Config
from ali_keras.errors import InputError
from ali_keras.errors import command
from ali_keras.errors import first_line
from ali_keras.workdir import agreement
from ali_keras.workdir import finishing
from ali_keras.workdir import run_files
from ali_keras.workdir.checkpoints import Checkpoints
from ali_keras.workdir.reading import load_checkpoint
from ali_keras.workdir.record import describe_run


class Workdir:
    """Paths and files of one run.

    Args:
        path: Path of the folder.
        keep_checkpoints: Integer. How many checkpoints are kept; 0 is all.
    """

    def __init__(self, path, keep_checkpoints=2):
        self.path = pathlib.Path(path)
        self.config = self.path / "config.json"
        self.history = self.path / "history.json"
        self.checkpoints = Checkpoints(
            self.path / "checkpoints", keep_checkpoints
        )
        self.rollbacks = self.path / "rollbacks.json"
        self.model = self.path / "model.keras"
        self.training = self.path / "training.json"
        self.metrics = self.path / "metrics.json"
        self.pictures = self.path / "pictures"
        self.labelled_images = self.path / "labelled_images.json"
        self.attributes = self.path / "attributes.json"

    def check(self, config):
        """Checks that the folder is free or this configuration's.

        It is free as long as it has no checkpoint: a start that failed binds
        nothing.

        Args:
            config: `Config`. May differ from the folder's in `epochs` only,
                and not below those that are trained.

        Raises:
            InputError: if the folder is another configuration's.
        """
        if not self.is_taken():
            return
        existing = Config.read(self.config)
        for name in config.differences(existing):
            old, new = getattr(existing, name), getattr(config, name)
            if name == "epochs":
                finishing.check_epochs(new, self.history)
                continue
            raise InputError(
                "A workdir's configuration must stay as it is, but for "
                f"epochs; or use another workdir. {self.path} has "
                f"{name}={old}. Received: {name}={new}"
            )

    def is_taken(self):
        """Whether the folder holds a run: what it would take to redo."""
        files_of_run = (self.model, self.training)
        return self.config.exists() and (
            bool(self.checkpoints.paths())
            or any(path.exists() for path in files_of_run)
        )

    def claim(self, config):
        """Checks the folder again, now that it is locked, and writes to it.

        What another configuration's failed start has left is replaced.

        Raises:
            InputError: if the folder is another configuration's, or cannot be
                written.
        """
        self.check(config)
        differences = self._differences(config)
        if differences - {"epochs"}:
            for path in (
                self.rollbacks,
                self.labelled_images,
                self.attributes,
            ):
                with files.writable(path):  # It is another run's.
                    path.unlink(missing_ok=True)
        if differences:
            config.write(self.config)

    def _differences(self, config):
        """Names of the settings in which config.json differs; all of none."""
        try:
            return {*config.differences(Config.read(self.config))}
        except InputError:  # There is none, or none that can be read.
            return {*config.values()}

    def is_finished(self, config):
        """Whether training has gone through all epochs of a configuration."""
        if not (self.training.exists() and self.model.exists()):
            return False
        return run_files.read_record(self.training)["epochs"] >= config.epochs

    @contextlib.contextmanager
    def locked(self):
        """Keeps other trainings off the folder while the body runs.

        The operating system takes the lock away with the process, however it
        ends. What killed processes left half-written is removed.

        Raises:
            InputError: if another process holds the lock, or the folder
                cannot be written.
        """
        path = self.path / ".lock"
        with files.writable(path):
            self.path.mkdir(parents=True, exist_ok=True)
            lock = path.open("ab+", buffering=0)
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise InputError(
                    "A workdir must be trained in by one process at a time. "
                    f"Received: {self.path}, in use by process "
                    f"{lock.read().decode()}"
                ) from None
            with files.writable(path):
                lock.truncate(0)
                lock.write(str(os.getpid()).encode())
            for folder in (self.path, self.checkpoints.folder):
                files.remove_temporary(folder)
            yield

    def read_rollbacks(self):
        """Returns the returns to a checkpoint so far, a list."""
        if not self.rollbacks.exists():
            return []
        return run_files.read_rollbacks(self.rollbacks)

    def finish(self, model, config, label_names=None):
        """Writes the trained model, then the record that it is finished.

        Args:
            model: `ALI`.
            config: `Config`.
            label_names: Names of the data's classes, if it has any.
        """
        self.claim(config)  # A run may end without a step more.
        with files.replacing(self.model) as temporary:
            model.save(temporary)
        record = describe_run(config.epochs)
        files.write_json(self.training, {**record, "labels": label_names})

    def load(self, checkpoint=None):
        """Loads a trained model and its configuration.

        Args:
            checkpoint: "latest" or a step: the model of a checkpoint, also
                of a run that is not finished. `None`: the finished model.

        Returns:
            Tuple of `ALI` and `Config`.

        Raises:
            InputError: if the folder holds no such model.
        """
        config = Config.read(self.config)
        if checkpoint is not None:
            model = load_checkpoint(self.checkpoints, config, checkpoint)
            return model, config
        if not self.is_finished(config):
            raise InputError(
                "A workdir must hold a finished training; run "
                f"{command('tools.train')} on it to the end, or choose "
                f"--checkpoint=latest. Received: {self.path}, not finished"
            )
        model = _load_whole(self.model)
        agreement.check(model, config, self.model)
        return model, config


def _load_whole(path):
    """Loads a `.keras` file of which not a byte is damaged."""
    try:
        # Keras reads weights without the checksum of the file they are in.
        with zipfile.ZipFile(path) as pack:
            damaged = pack.testzip()
        if damaged:
            raise zipfile.BadZipFile(f"{damaged} has another checksum")
        with warnings.catch_warnings():
            # Keras only warns if the file lacks a variable.
            warnings.simplefilter("error", UserWarning)
            return keras.models.load_model(path)
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise
    except Exception as error:  # Of a foreign file it may be any.
        raise InputError(
            "model.keras must be a whole file as "
            f"{command('tools.train')} writes it. "
            f"Received: {path} ({first_line(error)})"
        ) from None
