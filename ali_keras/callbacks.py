"""What `fit` writes at the end of each epoch."""

import time

import keras

from ali_keras import files


class WriteHistory(keras.callbacks.Callback):
    """Writes the figures of all epochs as JSON: a list for each figure.

    Args:
        path: Path of the file. Its epochs before `initial_epoch` are kept.
        initial_epoch: Integer.
    """

    def __init__(self, path, initial_epoch=0):
        super().__init__()
        self.path = path
        known = files.read_json(path) if path.exists() else {}
        self.history = {k: v[:initial_epoch] for k, v in known.items()}

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        seconds = round(time.monotonic() - self.start, 3)
        for name, value in {**logs, "seconds": seconds}.items():
            self.history.setdefault(name, []).append(float(value))
        files.write_json(self.path, self.history)


class WriteCheckpoint(keras.callbacks.Callback):
    """Writes a checkpoint into a `Workdir`."""

    def __init__(self, workdir):
        super().__init__()
        self.workdir = workdir

    def on_epoch_end(self, epoch, logs=None):
        self.workdir.save_checkpoint(self.model, epochs=epoch + 1)
