"""Steps at full size: do they run, how long do they take, in how much memory?

python -m benchmarks.step --data_dir=tfds --output=results/steps.jsonl

Each preset is built in each precision, in a process of its own, at its full
size and batch. One step warms up, the next are timed. Images are CIFAR-10's
for the preset cifar10 where --data_dir says where they are, else random.
"""

import concurrent.futures
import itertools
import json
import math
import multiprocessing
import resource
import time

import keras
import numpy as np
from absl import flags

import ali_keras
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.batches import training_batches
from ali_keras.workdir.record import describe_run
from tools.documents import records

common_flags.declare(__name__, "output", "data_dir")
PRESETS = flags.DEFINE_list(
    "presets", ["cifar10", "svhn", "celeba", "tiny_imagenet"], "What to build."
)
PRECISIONS = flags.DEFINE_list(
    "precisions", ["float32", "mixed_bfloat16"], "Keras dtype policies."
)
NUM_STEPS = flags.DEFINE_integer(
    "num_steps", 1, "Steps that are timed.", lower_bound=1
)
DATASETS = {"cifar10": "cifar10"}
NUM_IMAGES = 500  # As many as an untied output bias is set from.


def main():
    """Measures one after the other and prints what came out."""
    data_dir = common_flags.DATA_DIR.value
    configs = [
        ali_keras.Config.from_preset(
            name,
            DATASETS.get(name, "") if data_dir else "",
            precision=precision,
            data_dir=data_dir,
        )
        for name, precision in itertools.product(
            PRESETS.value, PRECISIONS.value
        )
    ]
    results = []
    for config in configs:
        results.append(_in_a_process_of_its_own(config, NUM_STEPS.value))
        print(json.dumps(results[-1]), flush=True)
    if common_flags.OUTPUT.value:
        record = records.describe("steps", describe_run(epochs=1), results)
        records.write(common_flags.OUTPUT.value, [record])


def _in_a_process_of_its_own(config, num_steps):
    # Spawned, not forked: TensorFlow's threads do not survive a fork.
    with concurrent.futures.ProcessPoolExecutor(
        max_workers=1, mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        return pool.submit(measure, config, num_steps).result()


def measure(config, num_steps):
    """Takes a step to warm up and some that are timed.

    Args:
        config: `Config`. Without a data set, images are random.
        num_steps: Integer, at least 1. Steps that are timed.

    Returns:
        Dictionary that `json` can write. `seconds_per_step` is the mean;
        `peak_memory_mib` is the most that the process has held so far.
    """
    images = images_of(config)
    model = ali_keras.build_model(config, images.astype("float32") / 255)
    clock = _Clock()
    batches = training_batches(
        images,
        config.batch_size,
        config.seed,
        range(1 + num_steps),
        steps_per_epoch=1 + num_steps,
    )
    history = model.fit(
        batches, shuffle=False, verbose=0, callbacks=[clock]
    ).history
    # On Linux in KiB. It starts at the peak of the process that spawned this
    # one: the same modules, and nothing built.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "preset": config.preset,
        "precision": config.precision,
        "batch_size": config.batch_size,
        "data": config.dataset or "random",
        "num_steps": num_steps,
        "seconds_per_step": (clock.ends[-1] - clock.ends[0]) / num_steps,
        "peak_memory_mib": peak / 1024,
        "is_finite": all(math.isfinite(v) for [v] in history.values()),
    }


def images_of(config):
    """Returns 8-bit images, the data set's first ones or random.

    Args:
        config: `Config`. Without a data set, they are random.
    """
    size, _, _ = config.image_shape
    if not config.dataset:
        shape = (NUM_IMAGES, size, size, config.channels)
        return np.random.default_rng(0).integers(0, 256, shape, "uint8")
    builder = sources.open_dataset(config.dataset, config.data_dir)
    split = f"train[:{NUM_IMAGES}]"
    return splits.load_arrays(builder, split, size, config.channels)[0]


class _Clock(keras.callbacks.Callback):
    """Notes when each step ended, the first of which traces."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
