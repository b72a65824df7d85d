"""Splits of a data set: their names, and their examples as arrays."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras.data import image_files
from ali_keras.data import image_header
from ali_keras.data import image_header_ops
from ali_keras.data.attributes import FEATURE
from ali_keras.data.attributes import names_of
from ali_keras.data.attributes import vector_of
from ali_keras.data.image_folder import ImageFolder
from ali_keras.data.image_header import MAX_IMAGE_PIXELS
from ali_keras.data.labels import check_all
from ali_keras.data.preprocessing import describe_preprocessing
from ali_keras.data.preprocessing import preprocess
from ali_keras.data.preprocessing import preprocess_to_uint8
from ali_keras.data.sources import check_apart
from ali_keras.data.sources import has_labels
from ali_keras.data.sources import holds_points
from ali_keras.data.sources import open_again
from ali_keras.data.sources import unknown_split
from ali_keras.errors import InputError
from ali_keras.progress import silent

BATCH_SIZE = 1000  # Examples that are read at once.


def split_names(builder, train_split=None, held_out=None):
    """Returns the TFDS names of the training and the held-out split.

    The held-out split is "test", else "validation", else the last tenth of
    "train", which is then not trained on.

    Args:
        builder: Prepared `tfds.core.DatasetBuilder`, or `ImageFolder`.
        train_split: TFDS split to train on, slices and sums too. `None` is
            all of "train" that is not held out.
        held_out: TFDS split to hold out in place of the default, such as a
            part of "train" by which settings are chosen.

    Raises:
        InputError: if there is no split "train", or `held_out` is unknown or
            has images of the training split.
    """
    splits = builder.info.splits
    if "train" not in splits:
        raise InputError(
            "The data set must have a split 'train'. Received: "
            f"{builder.name}, with {sorted(splits)}"
        )
    default = ("train[:90%]", "train[90%:]")
    for name in ("test", "validation"):
        if name in splits:
            default = ("train", name)
            break
    train_split = train_split or default[0]
    if held_out:
        check_apart(builder, train_split, held_out)
    return train_split, held_out or default[1]


def read_examples(
    builder,
    split,
    size,
    channels,
    as_bytes=False,
    max_image_pixels=MAX_IMAGE_PIXELS,
    attributes=False,
):
    """Streams a split in its stored order, preprocessed.

    Args:
        builder: Prepared `tfds.core.DatasetBuilder`.
        split: TFDS split, slices such as "test[:100]" too.
        size: Integer. Height and width of the images.
        channels: Integer, 1 or 3.
        as_bytes: Boolean. Whether images are wanted in 8 bits. Points are
            floats all the same.
        max_image_pixels: Integer. An encoded image of more is refused as it
            is read, with `tf.errors.InvalidArgumentError`.
        attributes: Boolean. Whether vectors of attributes are wanted.

    Returns:
        `tf.data.Dataset` of dictionaries: `image` `(size, size, channels)`,
        float32 in [0, 1] or uint8, or float32 points; where there are labels,
        `label`; where they are wanted, `attributes`, a float32 vector; for a
        folder `file`, the path below it.

    Raises:
        InputError: if there is no such split, or images cannot be brought
            to these channels, or points are of another shape.
    """
    _check_shape(builder, size, channels)
    feature = builder.info.features["image"]
    points = holds_points(builder.info.features)
    encoded = isinstance(feature, tfds.features.Image)
    kept = ["label"] if has_labels(builder) else []
    kept += ["file"] if isinstance(builder, ImageFolder) else []
    if attributes:
        names_of(builder)
        kept.append(FEATURE)

    def select(example):
        image = example["image"]
        if encoded:
            image = _decode(image, feature, max_image_pixels)
        if points:
            image = tf.cast(image, tf.float32)
        elif as_bytes:
            image = preprocess_to_uint8(image, size, channels, builder.name)
        else:
            image = preprocess(image, size, channels, builder.name)
        example["image"] = image
        if attributes:
            example[FEATURE] = vector_of(example)
        return {name: example[name] for name in ("image", *kept)}

    examples = _stored_examples(builder, split, encoded)
    return examples.map(select, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _stored_examples(builder, split, encoded):
    # Images stay encoded: of large ones no more are held than are made small.
    decoders = {"image": tfds.decode.SkipDecoding()} if encoded else None
    # Each is read once. A cache holds small data sets twice, and TensorFlow
    # warns where only a part is read.
    uncached = tfds.ReadConfig(try_autocache=False)
    try:
        return builder.as_dataset(
            split=split,
            shuffle_files=False,
            decoders=decoders,
            read_config=uncached,
        )
    except (ValueError, KeyError):
        raise unknown_split(builder, split) from None


def _decode(encoded, feature, max_pixels):
    dtype = tf.as_dtype(feature.np_dtype)
    if dtype.is_floating:  # In TFDS' own form: four channels of a PNG.
        encoded = image_header_ops.check(encoded, max_pixels)
        return feature.decode_example(encoded)
    channels = feature.shape[-1] or 0
    image = image_files.decode(encoded, channels, max_pixels, dtype)
    return tf.ensure_shape(image, feature.shape)


def load_arrays(
    builder,
    split,
    size,
    channels,
    max_image_pixels=MAX_IMAGE_PIXELS,
    progress=silent,
    conditional="none",
):
    """Loads a split into memory as 8-bit images, or as points.

    Arguments and errors as `read_examples`; `progress` is a function as
    `progress.silent`. With `conditional="attributes"` the labels are vectors
    of attributes.

    Returns:
        Tuple of images `(num_examples, size, size, channels)`, uint8 or, for
        points, float32, and of int64 labels `(num_examples,)` or `None`;
        attributes are float32 `(num_examples, num_attributes)`.
    """
    attributes = conditional == FEATURE
    examples = read_examples(
        builder, split, size, channels, True, max_image_pixels, attributes
    )
    num_examples = builder.info.splits[split].num_examples
    dtype = examples.element_spec["image"].dtype.as_numpy_dtype
    # Filled piece by piece: a list of pieces, joined, would be held twice.
    images = np.empty((num_examples, size, size, channels), dtype)
    labels, feature = None, FEATURE if attributes else "label"
    if attributes:
        labels = np.empty((num_examples, len(names_of(builder))), "float32")
    elif has_labels(builder):
        labels = np.empty(num_examples, "int64")
    stop = 0
    total = -(-num_examples // BATCH_SIZE)
    title = f"Reading {num_examples:,} examples"
    try:
        for batch in progress(examples.batch(BATCH_SIZE), total, title):
            start, stop = stop, stop + len(batch["image"])
            images[start:stop] = batch["image"]
            if labels is not None:
                labels[start:stop] = batch[feature]
    except tf.errors.OpError as error:
        raise InputError(
            "The data set's files must be as TFDS wrote them, and their "
            f"images decode. Received: {builder.data_dir}, split {split} "
            f"({image_header.error_words(error)[:200]})"
        ) from None
    return images, labels


def load_splits(
    config,
    data_dir=None,
    *,
    held_out=None,
    max_image_pixels=MAX_IMAGE_PIXELS,
    progress=silent,
):
    """Loads the training and the held-out split of a run's data set.

    Args:
        config: `Config`.
        data_dir: Folder of prepared data, if not the configuration's.
        held_out: TFDS split to hold out, see `split_names`.
        max_image_pixels: Integer. See `read_examples`.
        progress: Function as `progress.silent`.

    Returns:
        Two tuples of images, as `load_arrays` has them, and labels (or
        `None`).

    Raises:
        InputError: if the data set cannot be found, or see `split_names`.
    """
    builder = open_again(config, data_dir, max_image_pixels)
    return tuple(
        load_labelled(builder, split, config, max_image_pixels, progress)
        for split in split_names(builder, config.train_split, held_out)
    )


def load_held_out(
    config, data_dir=None, *, max_image_pixels=MAX_IMAGE_PIXELS, progress=silent
):
    """Loads the held-out split alone. See `load_splits`."""
    builder = open_again(config, data_dir, max_image_pixels)
    _, split = split_names(builder, config.train_split)
    return load_labelled(builder, split, config, max_image_pixels, progress)


def load_labelled(
    builder,
    split,
    config,
    max_image_pixels=MAX_IMAGE_PIXELS,
    progress=silent,
):
    """Loads what a configuration's model takes, see `load_arrays`.

    Raises:
        InputError: also if the model is conditional and an image is without
            its label or attributes.
    """
    size, _, channels = config.image_shape
    images, labels = load_arrays(
        builder,
        split,
        size,
        channels,
        max_image_pixels,
        progress,
        config.conditional,
    )
    if config.conditional == "labels":
        check_all(labels, config.label_dim, split)
    return images, labels


def describe_images(builder, size, channels):
    """Says in words what becomes of this data set's images.

    Arguments and errors as `read_examples`.
    """
    _check_shape(builder, size, channels)
    if holds_points(builder.info.features):
        return "points, taken as they are"
    shape = builder.info.features["image"].shape
    words = describe_preprocessing(shape, size, channels, builder.name)
    if isinstance(builder, ImageFolder) and builder.describe_files():
        return f"{words}; {builder.describe_files()}"
    return words


def _check_shape(builder, size, channels):
    features = builder.info.features
    if not holds_points(features):
        if channels not in (1, 3):
            raise InputError(
                "channels must be one of [1, 3] for images. Received: "
                f"{channels}, for {builder.name}"
            )
    elif features["image"].shape != (size, size, channels):
        raise InputError(
            "Points must have the shape that the networks take, "
            f"{(size, size, channels)}. Received: {builder.name}, with "
            f"{features['image'].shape}"
        )
