"""Does conditional ALI help a classifier of a class with few images?

python -m benchmarks.scarce_class --dataset=mnist --data_dir=tfds \
    --split=test --output=results/scarce_class.jsonl

Cuts a class of the training split to 20 images, and fills it in five ways: not
at all, with the 20 images again and again, with augmented ones, with samples
of a conditional ALI, with half of each of the latter two. One classifier,
always the same, is trained on each, see `scarce_sets.judge`. --split says what
it is measured on; without it, on the last images of the training split, which
nothing is trained on. The data set has ten classes at most.

The ALI is trained and sampled by the commands of docs/augmentation.md, on a
folder of PNG files. A line of the output is a class with a seed. Lines that
are there already are not measured again, so the program can be stopped and
started anew. Several may run at once, each with an --output of its own.
"""

import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.preprocessing import to_float
from ali_keras.errors import InputError
from ali_keras.evaluation.few_labels.labelled_data import pool_size
from ali_keras.workdir.record import describe_run
from ali_keras.writing.image_folders import write_image_folder
from benchmarks import scarce_sets
from benchmarks.scarce_sets import Images
from tools.documents import records

common_flags.declare(
    __name__, "output", "dataset", "data_dir", "split", "num_validation"
)
CLASSES = flags.DEFINE_list(
    "classes", list("0123456789"), "Numbers of the classes to cut, in turn."
)
SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds of each class.")
NUM_SCARCE = flags.DEFINE_integer(
    "num_scarce", 20, "Images that are left of the class.", lower_bound=1
)
TRAINING_STEPS = flags.DEFINE_integer(
    "training_steps", 1000, "Steps of the ALI.", lower_bound=1
)
SIZE, CHANNELS = 28, 1  # Those of the preset mnist.


def main():
    """Measures what the output does not have yet."""
    output = common_flags.output_folder()
    wanted = itertools.product(_numbers(CLASSES), _numbers(SEEDS))
    lines = records.read(output) if os.path.exists(output) else []
    measured = {(line["name"], line["seed"]) for line in lines}
    training, held_out = _load()
    tf.config.experimental.enable_op_determinism()
    with tempfile.TemporaryDirectory() as folder:
        stored = pathlib.Path(folder, "stored")
        _store(stored, training)
        for label, seed in wanted:
            name = f"{common_flags.DATASET.value}_{label}"
            if (name, seed) in measured:
                continue
            run = pathlib.Path(folder, f"{name}_{seed}")
            metrics = measure(training, held_out, label, seed, stored, run)
            about = {"seed": seed, **describe_run(epochs=1)}
            records.add(output, records.describe(name, about, metrics))
            measured.add((name, seed))
            _tell(name, seed, metrics)


def measure(training, held_out, label, seed, stored, folder):
    """Measures one class with one seed.

    Args:
        training: `Images`, of which the class is not cut yet.
        held_out: `Images` to measure on.
        label: Integer, the class.
        seed: Integer.
        stored: Path of a folder of all training images, see `_store`.
        folder: Path of a folder to write to.

    Returns:
        Dictionary that `json` can write.
    """
    start = time.monotonic()
    scarce = scarce_sets.choose_scarce(
        training.labels, label, NUM_SCARCE.value, seed
    )
    others = np.flatnonzero(training.labels != label)
    there = training.take(np.concatenate([others, scarce]))
    number = scarce_sets.num_missing(there.labels, label)
    _link(folder / "images", stored, training.take(scarce))
    _start(*training_command(folder, seed, TRAINING_STEPS.value))
    seconds_of_ali = time.monotonic() - start
    generated = _draw(folder, label, number, seed)
    return {
        "dataset": common_flags.DATASET.value,
        "class": label,
        "split": common_flags.SPLIT.value or "the last of train",
        "num_scarce": len(scarce),
        "num_added": number,
        "num_held_out": len(held_out.labels),
        "training_steps": TRAINING_STEPS.value,
        "sets": {
            name: scarce_sets.judge(images, held_out, label, seed)
            for name, images in scarce_sets.fill(
                there, label, generated, seed
            ).items()
        },
        "seconds_of_ali": seconds_of_ali,
        "seconds": time.monotonic() - start,
    }


def _numbers(flag):
    if not all(text.isdecimal() for text in flag.value):
        raise InputError(
            f"--{flag.name} must be numbers, such as 0,1,2. Received: "
            f"{','.join(flag.value)}"
        )
    return [int(text) for text in flag.value]


def _load():
    """Returns the `Images` to train on and those to measure on."""
    builder = sources.open_dataset(
        common_flags.DATASET.value, common_flags.DATA_DIR.value
    )
    images = Images(*splits.load_arrays(builder, "train", SIZE, CHANNELS))
    size = pool_size(len(images.labels), common_flags.NUM_VALIDATION.value)
    training, held_out = (
        images.take(slice(size)),
        images.take(slice(size, None)),
    )
    split = common_flags.SPLIT.value
    if split:
        sources.check_apart(builder, "train", split)
        held_out = Images(*splits.load_arrays(builder, split, SIZE, CHANNELS))
    for label in _numbers(CLASSES):
        number = np.sum(training.labels == label)
        if number < NUM_SCARCE.value:
            raise InputError(
                f"--classes must have {NUM_SCARCE.value} training images to "
                f"be left with. Received: {label}, which has {number}"
            )
    return training, held_out


def _store(folder, images):
    """Writes images as FOLDER/CLASS/NUMBER.png."""
    batch = {"image": to_float(images.pixels), "label": images.labels}
    write_image_folder(folder, [{k: np.asarray(v) for k, v in batch.items()}])


def _link(folder, stored, scarce):
    """Makes a folder of links to all classes but one, which it gets anew."""
    _store(folder, scarce)
    for path in stored.iterdir():
        if path.name != str(scarce.labels[0]):
            (folder / path.name).symlink_to(path)


def training_command(folder, seed, num_steps):
    """Returns the words of the command that trains a conditional ALI.

    Args:
        folder: Path of a folder that holds `images`; gets `run`, the workdir.
        seed: Integer.
        num_steps: Integer.
    """
    return [
        *("tools.train", f"--dataset=folder:{folder / 'images'}"),
        *("--train_split=train+test", "--preset=mnist"),
        *("--conditional=labels", "--balanced_classes", f"--seed={seed}"),
        *("--epochs=1", f"--steps_per_epoch={num_steps}"),
        f"--workdir={folder / 'run'}",
    ]


def _draw(folder, label, number, seed):
    _start(
        *("tools.generate", f"--workdir={folder / 'run'}", f"--seed={seed}"),
        *(f"--label_counts={label}:{number}", f"--output={folder / 'more'}"),
    )
    images = keras.utils.image_dataset_from_directory(
        folder / "more" / str(label),
        labels=None,
        color_mode="grayscale",
        image_size=(SIZE, SIZE),
        shuffle=False,
        verbose=False,
    )
    return np.concatenate(list(images.as_numpy_iterator())).astype("uint8")


def _start(*command):
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", *command], capture_output=True, text=True
    )
    if done.returncode:
        *_, line = ["nothing", *done.stderr.splitlines()]
        raise InputError(f"{command[0]} must succeed. Received: {line}")


def _tell(name, seed, metrics):
    cells = [f"{k} {v['recall']:.3f}" for k, v in metrics["sets"].items()]
    seconds = f"{metrics['seconds']:.0f} s"
    print(name, f"seed {seed}", *cells, seconds, sep=", ", flush=True)


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
