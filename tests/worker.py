"""One of several workers that train a tiny model, as a program of its own.

python -m tests.worker MODE FOLDER [DEVICES]
"""

import itertools
import pathlib

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.distribute import collective_all_reduce_strategy

import ali_keras
from ali_keras import cluster
from ali_keras import data
from ali_keras import distribution
from ali_keras import program
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
        lambda context: data.training_batches(
            images(),
            BATCH_SIZE,
            SEED,
            range(steps),
            STEPS,
            data.replicas_of(context),
            context.num_replicas_in_sync,
        ).map(lambda batch: batch["image"])
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
    for batch in batches(strategy):
        for local in strategy.experimental_local_results(batch):
            seen.extend(np.rint(local[:, 0, 0, 0] * 255).astype(int))
    return np.array(seen)


def train(strategy, folder):
    """Trains, and leaves what became of it in a file of this worker."""
    model, figures = trained(strategy)
    np.savez(
        folder / f"worker_{cluster.read().index}.npz",
        seen=numbers_seen(strategy),
        chief=distribution.is_chief(strategy),
        description=distribution.describe(strategy),
        **{f"weight/{k}": v for k, v in tiny.values(model).items()},
        **{f"figure/{k}": v for k, v in figures.items()},
    )


def fit_plain_keras(strategy, folder):
    """Trains a model of Keras' own."""
    with strategy.scope():
        layer = keras.layers.Dense(1, activity_regularizer="l2")
        model = keras.Sequential([keras.Input([3]), layer])
        model.compile()  # The regularizer is its loss.
    model.fit(tf.data.Dataset.from_tensors(np.ones((8, 3))), verbose=0)


def train_on(strategy, folder):
    """Trains until it is ended, and tells each step by a file."""
    path = folder / f"worker_{cluster.read().index}.steps"
    counter = itertools.count(1)
    tell = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda *_: path.write_text(str(next(counter)))
    )
    trained(strategy, steps=10**6, callbacks=[tell])


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


def main(arguments):
    """Does what the mode, the name of a function, says."""
    mode, folder, *num_devices = arguments
    if num_devices:
        _give_cpu_devices(int(num_devices[0]))
    modes = {f.__name__: f for f in (train, fit_plain_keras, train_on)}
    modes[mode](distribution.create_strategy(), pathlib.Path(folder))


if __name__ == "__main__":
    program.run(main, takes_command=True)
