"""TFDS data: found, prepared, read, and put in an order fixed by a seed."""

import difflib
import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from ali_keras import datasets
from ali_keras import noise
from ali_keras.errors import InputError
from ali_keras.images import describe_preprocessing
from ali_keras.images import preprocess
from ali_keras.images import to_uint8


def open_dataset(name, data_dir=None, download=False):
    """Finds a prepared TFDS image data set, or prepares it.

    The embedded data sets (`datasets.EMBEDDED`) are always prepared on demand,
    others only with `download`.

    Args:
        name: TFDS name, `name` or `name/config`.
        data_dir: Folder of prepared data; `None` is TFDS' default.
        download: Boolean. Whether fetching and preparing is allowed.

    Returns:
        `tfds.core.DatasetBuilder`, prepared.

    Raises:
        InputError: if the data set or the folder is unknown, not prepared and
            not allowed to be, or has no feature "image".
    """
    may_prepare = download or name in datasets.EMBEDDED
    if data_dir and not may_prepare and not pathlib.Path(data_dir).is_dir():
        raise InputError(
            "data_dir must be a folder of prepared TFDS data (or pass "
            f"--download to make one). Received: {data_dir}, which is no folder"
        )
    builder = _find_builder(name, data_dir)
    if not builder.info.splits:
        _prepare(builder, name, may_prepare)
    _check_features(name, builder.info.features)
    return builder


def split_names(builder):
    """Returns the TFDS names of the training and the held-out split.

    The held-out split is "test", else "validation", else the last tenth of
    "train", which is then not trained on.

    Raises:
        InputError: if there is no split "train".
    """
    splits = builder.info.splits
    if "train" not in splits:
        raise InputError(
            "The data set must have a split 'train'. Received: "
            f"{builder.name}, with {sorted(splits)}"
        )
    for held_out in ("test", "validation"):
        if held_out in splits:
            return "train", held_out
    return "train[:90%]", "train[90%:]"


def read_examples(builder, split, size, channels):
    """Streams a split in its stored order, preprocessed.

    Args:
        builder: Prepared `tfds.core.DatasetBuilder`.
        split: TFDS split, slices such as "test[:100]" too.
        size: Integer. Height and width of the images.
        channels: Integer, 1 or 3.

    Returns:
        `tf.data.Dataset` of dictionaries: `image` float32 `(size, size,
        channels)` in [0, 1] and, where the data set has labels, `label`.

    Raises:
        InputError: if there is no such split.
    """
    try:
        examples = builder.as_dataset(split=split, shuffle_files=False)
    except (ValueError, KeyError):
        raise InputError(
            f"split must be one of {sorted(builder.info.splits)}, or a slice "
            f"of it. Received: {split}"
        ) from None

    kept = ("label",) if has_labels(builder) else ()

    def select(example):
        image = preprocess(example["image"], size, channels)
        return {"image": image, **{name: example[name] for name in kept}}

    return examples.map(select, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def has_labels(builder):
    """Whether the examples have a class label."""
    features = builder.info.features
    return "label" in features and isinstance(
        features["label"], tfds.features.ClassLabel
    )


def load_arrays(builder, split, size, channels):
    """Loads a split into memory as 8-bit images.

    Arguments and errors as `read_examples`.

    Returns:
        Tuple of uint8 images `(num_examples, size, size, channels)` and int64
        labels `(num_examples,)` or `None`.
    """
    batches = read_examples(builder, split, size, channels).batch(1000)
    images, labels = [], []
    try:
        for batch in batches:
            images.append(to_uint8(batch["image"]))
            labels.append(batch["label"].numpy() if "label" in batch else None)
    except tf.errors.OpError as error:
        raise InputError(
            "The data set's files must be as TFDS wrote them, and their "
            f"images decode. Received: {builder.data_dir}, split {split} "
            f"({' '.join(error.message.split())[:200]})"
        ) from None
    has_label = labels and labels[0] is not None
    return np.concatenate(images), np.concatenate(labels) if has_label else None


def describe_images(builder, size, channels):
    """Says in words what preprocessing does to this data set's images."""
    shape = builder.info.features["image"].shape
    return describe_preprocessing(shape, size, channels)


def training_batches(
    images,
    batch_size,
    seed,
    steps,
    steps_per_epoch,
    replicas=range(1),
    num_replicas=1,
):
    """Batches for `fit`, whose order is a function of (seed, epoch).

    Each epoch runs through its own permutations of the images, as many as its
    steps need; the images that fill no batch at the end of a permutation are
    left out of it. Any batch can be had without those before it, so that a
    run can start at any step.

    Args:
        images: uint8 array `(num_examples, height, width, channels)`.
        batch_size: Integer. Global batch size, over all replicas.
        seed: Integer.
        steps: `range` of steps, counted from the start of the training.
        steps_per_epoch: Integer.
        replicas: `range` of the replicas whose shares are wanted.
        num_replicas: Integer. Among so many the global batch is split.

    Returns:
        `tf.data.Dataset` of `{"image": float32 (batch_size / num_replicas,
        height, width, channels) in [0, 1]}`: for each step the shares of
        these replicas, one after the other.

    Raises:
        InputError: if there are fewer images than a batch holds.
    """
    num_images = len(images)
    check_batch_size(batch_size, num_images)
    pixels = tf.constant(images)
    steps_per_pass = num_images // batch_size
    share_size = batch_size // num_replicas

    def share(step, replica):
        epoch, step = step // steps_per_epoch, step % steps_per_epoch
        number, step = step // steps_per_pass, step % steps_per_pass
        first = step * batch_size + replica * share_size
        indices = tf.random.experimental.index_shuffle(
            first + tf.range(share_size, dtype=tf.int64),
            noise.fold(seed, epoch, number),
            num_images - 1,
        )
        image = tf.gather(pixels, indices)
        return {"image": tf.cast(image, tf.float32) / 255.0}

    def split(number):
        # Of the shares that are wanted: each step has len(replicas) of them.
        return number // len(replicas), replicas.start + number % len(replicas)

    dataset = tf.data.Dataset.range(
        steps.start * len(replicas), steps.stop * len(replicas)
    )
    return dataset.map(
        lambda number: share(*split(number)), tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)


def check_batch_size(batch_size, num_images):
    """Raises `InputError` if there are fewer images than a batch holds."""
    if num_images < batch_size:
        raise InputError(
            f"batch_size must be at most the number of training images, "
            f"{num_images}. Received: {batch_size}"
        )


def replicas_of(context):
    """Returns the `range` of replicas that an input pipeline feeds.

    Args:
        context: `tf.distribute.InputContext`.
    """
    num = context.num_replicas_in_sync // context.num_input_pipelines
    first = context.input_pipeline_id * num
    return range(first, first + num)


def _find_builder(name, data_dir):
    try:
        # TFDS warns of folders that it is about to fill.
        verbosity = logging.get_verbosity()
        logging.set_verbosity(logging.ERROR)
        return tfds.builder(name, data_dir=data_dir)
    except (ValueError, AssertionError, ImportError):
        close = difflib.get_close_matches(name, tfds.list_builders())
        hint = f"; close to it: {close}" if close else ""
        raise InputError(
            "dataset must be the TFDS name of a data set, 'name' or "
            f"'name/config'. Received: {name}{hint}"
        ) from None
    finally:
        logging.set_verbosity(verbosity)


def _check_features(name, features):
    if "image" not in features:
        raise InputError(
            "The data set must have a feature 'image'. Received: "
            f"{name}, with {sorted(features)}"
        )
    shape = features["image"].shape
    if len(shape) != 3 or shape[-1] not in (1, 3, 4, None):
        raise InputError(
            "The feature 'image' must be (height, width, channels) with 1, 3 "
            f"or 4 channels. Received: {name}, with {shape}"
        )


def _prepare(builder, name, allowed):
    if not allowed:
        raise InputError(
            "The data set must be prepared already, or pass --download to "
            f"fetch it. Received: {name}, not found at {builder.data_dir}"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS raises many kinds.
        raise InputError(
            "The data set must be one that can be fetched, and data_dir a "
            f"place that can be written. Received: {name}, {builder.data_dir} "
            f"({type(error).__name__}: {' '.join(str(error).split())})"
        ) from None
