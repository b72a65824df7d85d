"""Flags that say of which classes images are to be, and how they are drawn."""

from typing import NamedTuple

import numpy as np

from ali_keras.errors import InputError

MAX_IMAGES = 2**31 - 1


class Drawing(NamedTuple):
    """What a model is told, image by image.

    Attributes:
        number: Integer. Images.
        labels: Array of labels or of vectors; `None` without a condition.
        columns: Integer. Images in a row of a grid.
        repeats: Integer. Successive images that have one z; 1: each its own.
    """

    number: int
    labels: np.ndarray | None
    columns: int
    repeats: int = 1


def drawing(told, number, columns, vary):
    """Returns the `Drawing` of labels or vectors in turn.

    Args:
        told: Array of them.
        number: Integer. Images that are asked for.
        columns: Integer. Images in a row of a grid.
        vary: Boolean. Whether one z has all of them. Then every z has all,
            and `number` is rounded down to that, but for the first z.
    """
    repeats = len(told) if vary else 1
    number = max(1, number // repeats) * repeats
    labels = np.resize(told, (number, *told.shape[1:]))
    return Drawing(number, labels, columns, repeats)


def num_columns(num_classes=None):
    """Returns the columns of a grid: the classes, if they are few."""
    from ali_keras.plotting import grids

    few = num_classes and num_classes <= grids.MAX_COLUMNS
    return num_classes if few else grids.NUM_COLUMNS


def parse_labels(text):
    """Reads --labels: "3,1,4".

    Returns:
        List of integers.

    Raises:
        InputError: if it is something else.
    """
    numbers = [_integer(each) for each in text.split(",")]
    if None in numbers:
        raise InputError(
            "--labels must be numbers of classes, such as 3,1,4. Received: "
            f"{text}"
        )
    return numbers


def parse_label_counts(text):
    """Reads --label_counts: "7:500,1:20".

    Returns:
        Dictionary: for each class the number of images.

    Raises:
        InputError: if it is something else, or names a class twice.
    """
    pairs = [
        [_integer(each) for each in pair.split(":")] for pair in text.split(",")
    ]
    numbers = [pair[0] for pair in pairs]
    if (
        any(len(pair) != 2 or None in pair or not pair[1] for pair in pairs)
        or len(set(numbers)) < len(numbers)
        or sum(pair[1] for pair in pairs) > MAX_IMAGES
    ):
        raise InputError(
            "--label_counts must be CLASS:COUNT for different classes, such as "
            f"7:500,1:20. Received: {text}"
        )
    return dict(pairs)


def repeated(counts):
    """Returns an array of labels: each class as often as is asked for."""
    return np.repeat([*counts], [*counts.values()]).astype("int32")


def _integer(text):
    text = text.strip()
    if text.isdecimal() and text.isascii() and len(text) < 10:
        return int(text)
    return None
