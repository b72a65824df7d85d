"""Draws grids of images."""

import numpy as np
import tensorflow as tf

from ali_keras import files
from ali_keras.data.preprocessing import to_float
from ali_keras.data.preprocessing import to_uint8
from ali_keras.errors import InputError

NUM_COLUMNS = 10
MAX_COLUMNS = 20  # Classes that have one each.
MARGIN = 2  # Pixels between images.
SCALE = 2  # Side of an image's pixel in the picture, in pixels.
MAX_IMAGES = 10_000  # Of a grid, which is held in memory several times.


def check_images(model):
    """Raises `InputError` if the model's data are points, not images."""
    if not model.bounded:
        raise InputError(
            "The model must be one of images in [0, 1] for a grid of images. "
            "Received: a model of points; its picture is mixture.png"
        )


def check_number(num_images):
    """Raises `InputError` if a grid would hold too many images."""
    if num_images > MAX_IMAGES:
        raise InputError(
            f"A grid must hold at most {MAX_IMAGES:,} images. Received: "
            f"{num_images:,}"
        )


def choose(images, num_images, seed):
    """Chooses images at random, without repeats.

    Args:
        images: uint8 array `(num_examples, height, width, channels)`.
        num_images: Integer. All images are chosen if there are fewer.
        seed: Integer. Fixes the choice.

    Returns:
        float32 array in [0, 1].
    """
    return choose_labelled(images, None, num_images, seed)[0]


def choose_labelled(images, labels, num_images, seed):
    """Chooses images as `choose`, and their labels, if they have any."""
    order = np.random.default_rng(seed).permutation(len(images))[:num_images]
    labels = None if labels is None else labels[order]
    return to_float(images[order]), labels


def samples(model, num_images, seed, labels=None):
    """Draws images from the model, as a grid.

    A conditional model of few classes has one a column, and as many rows as
    the grid of `num_images` has.

    Args:
        model: `ALI`.
        num_images: Integer.
        seed: Integer.
        labels: Array. Of a model of attributes, the first are those of the
            images; others do not look at it.
    """
    classes = model.num_classes
    if classes and classes <= MAX_COLUMNS:
        num_images = num_images // NUM_COLUMNS * classes
        return grid(model.generate(num_images, seed=seed), classes)
    if model.condition and not classes:
        labels = np.resize(labels, (num_images, model.condition.size))
        return grid(model.generate(num_images, seed, labels))
    return grid(model.generate(num_images, seed=seed))


def reconstructions(model, images, labels=None, relabel=None):
    """Draws originals in odd columns, reconstructions in even columns.

    Args:
        model: `ALI`.
        images: float32 array in [0, 1].
        labels: Array of their labels, for a conditional model.
        relabel: Label, or an array of them, to decode with instead.
    """
    return pairs(images, model.reconstruct(images, labels, relabel))


def variations(model, images, labels, told):
    """Draws rows of an original and its z, decoded under other labels.

    Args:
        model: `ALI`, conditional.
        images: float32 array in [0, 1].
        labels: Array of their labels.
        told: Array `(num_images, num_columns, ...)` of labels to decode with.
    """
    z = model.encode(images, labels)
    columns = [model.decode(z, each) for each in np.swapaxes(told, 0, 1)]
    rows = np.stack([images, *columns], axis=1)
    return grid(rows.reshape(-1, *images.shape[1:]), len(columns) + 1)


def pairs(left, right):
    """Draws a grid with `left` in odd columns and `right` in even ones."""
    return grid(np.stack([left, right], axis=1).reshape(-1, *left.shape[1:]))


def interpolations(model, images, steps=8, labels=None):
    """Draws rows from one original to another, decoded points between them.

    Args:
        model: `ALI`.
        images: float32 array in [0, 1]. Each two successive images give a row.
        steps: Integer. Number of decoded points, including both ends.
        labels: Array of the images' labels, or of more, for a conditional
            model.

    Returns:
        uint8 grid, see `grid`.
    """
    first, last = images[0::2], images[1::2]
    first = first[: len(last)]
    labels1 = labels2 = None
    if labels is not None:
        labels1, labels2 = labels[0::2][: len(first)], labels[1::2][: len(last)]
    path = model.interpolate(first, last, steps, labels1, labels2)
    rows = np.concatenate([first[:, None], path, last[:, None]], axis=1)
    return grid(rows.reshape(-1, *images.shape[1:]), steps + 2)


def grid(images, num_columns=NUM_COLUMNS):
    """Arranges images in rows on a white background.

    Args:
        images: Floats `(num_images, height, width, channels)` in [0, 1].
        num_columns: Integer.

    Returns:
        uint8 array `(picture_height, picture_width, channels)`.
    """
    images = to_uint8(images)
    _, height, width, channels = images.shape
    num_rows = -(-len(images) // num_columns)
    cells = np.full(
        (num_rows * num_columns, height + MARGIN, width + MARGIN, channels),
        255,
        np.uint8,
    )
    cells[: len(images), :height, :width] = images
    rows = cells.reshape(num_rows, num_columns, *cells.shape[1:])
    picture = np.concatenate(np.concatenate(rows, axis=1), axis=1)
    return picture.repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def write_png(path, picture):
    """Writes a uint8 picture `(height, width, channels)` as PNG."""
    files.write_bytes(path, tf.io.encode_png(picture).numpy())
