"""Finding a data set by its name: prepared by TFDS, embedded, or a folder."""

import difflib
import pathlib

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from ali_keras import datasets
from ali_keras.data.image_folder import PREFIX
from ali_keras.data.image_folder import ImageFolder
from ali_keras.data.image_header import MAX_IMAGE_PIXELS
from ali_keras.errors import InputError


def open_dataset(
    name,
    data_dir=None,
    download=False,
    skip_bad_images=False,
    max_image_pixels=MAX_IMAGE_PIXELS,
):
    """Finds a prepared TFDS image data set or a folder, or prepares it.

    The embedded data sets (`datasets.EMBEDDED`) are always prepared on demand,
    others only with `download`.

    Args:
        name: TFDS name, `name` or `name/config`; or `folder:PATH`.
        data_dir: Folder of prepared data; `None` is TFDS' default. A PATH
            that is not absolute is looked up in it.
        download: Boolean. Whether fetching and preparing is allowed.
        skip_bad_images: Boolean. Whether images of a folder that cannot be
            read are left out.
        max_image_pixels: Integer. An image of a folder that has more is one
            that cannot be read.

    Returns:
        `tfds.core.DatasetBuilder`, prepared, or `ImageFolder`.

    Raises:
        InputError: if the data set or the folder is unknown, not prepared and
            not allowed to be, or has no feature "image".
    """
    if name.startswith(PREFIX):
        path = pathlib.Path(name.removeprefix(PREFIX)).expanduser()
        path = pathlib.Path(data_dir or "", path)
        return ImageFolder(path, skip_bad_images, max_image_pixels)
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


def open_again(config, data_dir=None, max_image_pixels=MAX_IMAGE_PIXELS):
    """Finds the data set that a model was trained on.

    Bad images of a folder are always skipped, and mentioned. Whether an image
    is bad depends on its file and on `max_image_pixels` alone: so these are
    the ones that the training skipped, and where it was not allowed to, there
    were none.

    Args:
        config: `Config` of the training.
        data_dir: Folder of prepared data, if not the configuration's.
        max_image_pixels: Integer. As for the training.

    Returns and raises as `open_dataset`.
    """
    builder = open_dataset(
        config.dataset,
        data_dir or config.data_dir,
        skip_bad_images=True,
        max_image_pixels=max_image_pixels,
    )
    if getattr(builder, "bad_images", None):
        logging.warning("%s: %s.", config.dataset, builder.describe_files())
    return builder


def has_labels(builder):
    """Whether the examples have a class label."""
    features = builder.info.features
    return "label" in features and isinstance(
        features["label"], tfds.features.ClassLabel
    )


def label_names(builder):
    """Returns the names of the classes, or `None` without labels."""
    if not has_labels(builder):
        return None
    return list(builder.info.features["label"].names)


def holds_points(features):
    """Whether "image" is a plain float tensor: values in units of their own.

    They are taken as they are: not scaled, not resized, not checked.

    Args:
        features: `tfds.features.FeaturesDict`, or a dictionary.
    """
    feature = features["image"]
    return isinstance(feature, tfds.features.Tensor) and np.issubdtype(
        feature.np_dtype, np.floating
    )


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
            f"'name/config', or {PREFIX}PATH. Received: {name}{hint}"
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
    if len(shape) != 3:
        rule = "(height, width, channels)"
    elif not holds_points(features) and shape[-1] not in (1, 3, 4, None):
        rule = "of 1, 3 or 4 channels, or plain floats"
    else:
        return
    raise InputError(
        f"The feature 'image' must be {rule}. Received: {name}, with {shape}"
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


def check_apart(builder, train_split, held_out):
    """Checks that two splits have no example in common.

    Args:
        builder: Prepared `tfds.core.DatasetBuilder`, or `ImageFolder`.
        train_split: TFDS split, slices and sums too.
        held_out: TFDS split likewise.

    Raises:
        InputError: if they have, or one is unknown.
    """
    trained = _ranges(builder, train_split)
    for name, start, stop in _ranges(builder, held_out):
        for other, other_start, other_stop in trained:
            if name == other and start < other_stop and other_start < stop:
                raise InputError(
                    "split must have no image that was trained on. Received: "
                    f"{held_out}, of a model trained on {train_split}"
                )


def _ranges(builder, split):
    splits = builder.info.splits
    try:
        instruction = tfds.core.ReadInstruction.from_spec(split)
        parts = instruction.to_absolute(splits)
    except (ValueError, KeyError):
        raise unknown_split(builder, split) from None
    sizes = {name: splits[name].num_examples for name in splits}
    return [
        (
            part.splitname,
            part.from_ or 0,
            sizes[part.splitname] if part.to is None else part.to,
        )
        for part in parts
    ]


def unknown_split(builder, split):
    """Returns the `InputError` of a split that a data set does not have."""
    return InputError(
        f"split must be one of {sorted(builder.info.splits)}, or a slice "
        f"of it. Received: {split}"
    )
