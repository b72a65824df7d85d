"""Flags that say of which classes images are to be."""

import numpy as np

from ali_keras.errors import InputError

MAX_IMAGES = 2**31 - 1


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


def in_turn(labels, num_images):
    """Returns an array of `num_images` labels, those of a list in turn."""
    return np.resize(np.asarray(labels, "int32"), num_images)


def _integer(text):
    text = text.strip()
    if text.isdecimal() and text.isascii() and len(text) < 10:
        return int(text)
    return None
