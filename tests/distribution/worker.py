"""One of several workers that train a tiny model, as a program of its own.

python -m tests.distribution.worker MODE FOLDER [ARGUMENT]
"""

import os
import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.distribute import collective_all_reduce_strategy

import ali_keras
from ali_keras.architectures import ARCHITECTURES
from ali_keras.command_line import program
from ali_keras.data.batches import replicas_of
from ali_keras.data.batches import training_batches
from ali_keras.distribution import cluster
from ali_keras.distribution import strategy as distribution
from tests import tiny

BATCH_SIZE = 8
STEPS = 4
SEED = 3
OBJECTIVE = ali_keras.Objective(gradient_penalty=0.3, instance_noise=0.2)


def images():
    """Images, of which the first pixel is the number."""
    number = BATCH_SIZE * STEPS
    pixels = np.random.default_rng(0).integers(0, 256, (number, 4, 4, 1), "u1")
    pixels[:, 0, 0, 0] = np.arange(number)
    return pixels


def batches(strategy, steps=STEPS):
    """The batches of this worker, as training has them."""
    return strategy.distribute_datasets_from_function(
        lambda context: training_batches(
            images(),
            BATCH_SIZE,
            SEED,
            range(steps),
            STEPS,
            replicas_of(context),
            context.num_replicas_in_sync,
        )
    )


def trained(strategy, steps=STEPS, callbacks=()):
    """A tiny model after some steps, and the figures of its epoch."""
    with strategy.scope():
        model = tiny.model(OBJECTIVE, ema_decay=0.2)
    history = model.fit(
        batches(strategy, steps),
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )
    return model, {k: np.array(v) for k, v in history.history.items()}


def numbers_seen(strategy):
    """Numbers of the images in the order in which the replicas get them."""
    seen = []
    for global_images, _ in batches(strategy):
        for local in strategy.experimental_local_results(global_images):
            seen.extend(np.rint(local[:, 0, 0, 0] * 255).astype(int))
    return np.array(seen)


def train(folder, num_devices=None):
    """Trains, and leaves what became of it in a file of this worker."""
    if num_devices:
        _give_cpu_devices(int(num_devices))
    strategy = distribution.create_strategy()
    model, figures = trained(strategy)
    np.savez(
        folder / f"worker_{cluster.read().index}.npz",
        seen=numbers_seen(strategy),
        chief=distribution.is_chief(strategy),
        description=distribution.describe(strategy),
        **{f"weight/{k}": v for k, v in tiny.values(model).items()},
        **{f"figure/{k}": v for k, v in figures.items()},
    )


def fit_plain_keras(folder):
    """Trains a model of Keras' own."""
    strategy = distribution.create_strategy()
    with strategy.scope():
        layer = keras.layers.Dense(1, activity_regularizer="l2")
        model = keras.Sequential([keras.Input([3]), layer])
        model.compile()  # The regularizer is its loss.
    model.fit(tf.data.Dataset.from_tensors(np.ones((8, 3))), verbose=0)


def train_on(folder):
    """Trains until it is ended, and tells by a file that it does."""
    strategy = distribution.create_strategy()
    path = folder / f"worker_{cluster.read().index}.trains"
    touch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: batch < 3 or path.touch()
    )
    trained(strategy, steps=10**6, callbacks=[touch])


def fail_once_all_train(folder):
    """Trains, until worker 1 fails in a way of its own."""
    strategy = distribution.create_strategy()

    def fail(batch, logs):
        if batch == 3 and cluster.read().index == 1:
            raise ali_keras.InputError("no luck")

    callback = keras.callbacks.LambdaCallback(on_train_batch_end=fail)
    trained(strategy, steps=10**6, callbacks=[callback])


def _give_cpu_devices(number):
    # As a machine with so many GPUs would have; TensorFlow takes one CPU.
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * number
    )
    extended = collective_all_reduce_strategy.CollectiveAllReduceExtended
    extended._initialize_local_devices = lambda self, resolver, worker: (
        tuple(f"{worker}/device:CPU:{index}" for index in range(number)),
        "CPU",
    )


def train_in_workdir(folder, data_dir):
    """Trains as tools.train does; all but the chief may not write there."""
    config = tiny.small_config(data_dir, batch_size=4)
    ARCHITECTURES[config.architecture] = tiny.TINY
    if not cluster.read().is_chief:
        sys.addaudithook(_refuse_to_write_in(folder / "run"))
    ali_keras.train(config, folder / "run")


def _refuse_to_write_in(folder):
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def hook(event, arguments):
        changes = event in ("os.mkdir", "os.rename", "os.remove")
        if changes or event == "open" and arguments[2] & writing:
            if str(arguments[0]).startswith(str(folder)):
                raise PermissionError(f"not the chief: {event} {arguments}")

    return hook


def main(arguments):
    """Does what the mode, the name of a function, says."""
    mode, folder, *rest = arguments
    modes = (
        train,
        fit_plain_keras,
        train_on,
        fail_once_all_train,
        train_in_workdir,
    )
    {function.__name__: function for function in modes}[mode](
        pathlib.Path(folder), *rest
    )


if __name__ == "__main__":
    program.run(main, takes_command=True)
