"""Callbacks of `fit` that write means and checkpoints, and stop training."""

import math
import time

import keras

from ali_keras import files
from ali_keras.errors import InputError
from ali_keras.errors import NonFiniteError
from ali_keras.model import trackers
from ali_keras.model.updates.loss_scaling import LOWEST_SCALE
from ali_keras.workdir import run_files


class WriteHistory(keras.callbacks.Callback):
    """Writes the means of all epochs as JSON: a list for each term.

    Args:
        path: Path of the file. The epochs before `initial_epoch` are kept.
        initial_epoch: Integer.

    Raises:
        InputError: if the file does not have all of these epochs.
    """

    def __init__(self, path, initial_epoch=0):
        super().__init__()
        self.path = path
        known = run_files.read_history(path) if path.exists() else {}
        num_known = len(known.get("seconds", []))
        if num_known < initial_epoch:
            raise InputError(
                f"history.json must have the {initial_epoch} epochs of the "
                f"checkpoints; or use another workdir. Received: {path}, with "
                f"{num_known} epochs"
            )
        self.history = {k: v[:initial_epoch] for k, v in known.items()}

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        seconds = round(time.monotonic() - self.start, 3)
        for name, value in {**logs, "seconds": seconds}.items():
            self.history.setdefault(name, []).append(float(value))
        files.write_json(self.path, self.history)


class ContinueMeans(keras.callbacks.Callback):
    """Restores the means of an epoch that is resumed.

    Args:
        state: What `trackers.state` returned, or `None`.
    """

    def __init__(self, state):
        super().__init__()
        self.state = state

    def on_epoch_begin(self, epoch, logs=None):
        if self.state:
            trackers.set_state(self.model, self.state)
        self.state = None


class WriteCheckpoint(keras.callbacks.Callback):
    """Writes a checkpoint at the end of each epoch and every `every_steps`.

    Args:
        checkpoints: `Checkpoints`.
        every_steps: Integer. `None` is at the end of epochs only.
    """

    def __init__(self, checkpoints, every_steps=None):
        super().__init__()
        self.checkpoints = checkpoints
        self.every_steps = every_steps

    def on_train_batch_end(self, batch, logs=None):
        # `on_epoch_end` saves after the last step, with the epoch's means.
        if not self.every_steps or batch + 1 == self.params["steps"]:
            return
        if self.model.step.numpy() % self.every_steps == 0:
            self.checkpoints.save(self.model, trackers.state(self.model))

    def on_epoch_end(self, epoch, logs=None):
        # The next epoch computes its means from the start.
        self.checkpoints.save(self.model, means=None)


class StopAtSignal(keras.callbacks.Callback):
    """Ends training after a step if the process has received a signal.

    Place it after `WriteCheckpoint` in the list of callbacks.

    Args:
        signal: `SignalNotice`.
        checkpoints: `Checkpoints` to save to first, or `None`.
    """

    def __init__(self, signal, checkpoints=None):
        super().__init__()
        self.signal = signal
        self.checkpoints = checkpoints

    def on_train_batch_end(self, batch, logs=None):
        if self.signal.received and batch + 1 < self.params["steps"]:
            if self.checkpoints:
                self.checkpoints.save(self.model, trackers.state(self.model))
            self._stop()

    def on_epoch_end(self, epoch, logs=None):
        if self.signal.received:  # `WriteCheckpoint` has saved.
            self._stop()

    def _stop(self):
        more = f" after step {self.model.step.numpy()}."
        if self.checkpoints:
            _, path = self.checkpoints.newest()
            more += f" The same command continues from {path}"
        raise self.signal.ending(more)


class StopOnNonFinite(keras.callbacks.Callback):
    """Ends training at the first step whose means are not finite.

    Keras' `TerminateOnNaN` checks only the metric "loss", which a GAN does not
    have. In float16, this callback also ends training if a loss scale is so
    low that a smaller one cannot help.

    Raises:
        NonFiniteError: names the step and the means.
    """

    def on_train_batch_end(self, batch, logs=None):
        step = int(self.model.step.numpy())
        lost = [k for k, v in logs.items() if not math.isfinite(v)]
        if lost:
            raise NonFiniteError(step, lost)
        low = [
            name
            for name, value in logs.items()
            if name.endswith("loss_scale") and value < LOWEST_SCALE
        ]
        if low:
            raise NonFiniteError(
                step,
                low,
                "float16 must hold all activations and gradients; they "
                f"overflow even at a loss scale of {LOWEST_SCALE:g}, so use "
                "mixed_bfloat16 or float32, or lower learning rates",
            )
