"""Draws of labelled images: as many of each class, by a seed."""

import numpy as np

from ali_keras.data.labels import NO_LABEL
from ali_keras.errors import InputError

# What a draw is for. Draws for choices and draws for tests are different.
CHOICE, VALIDATION, TEST = range(3)


def draw(labels, num_per_class, num_classes, *key):
    """Draws as many labelled images of each class, without repeats.

    A larger draw of the same key contains the smaller ones.

    Args:
        labels: Integers `(num_images,)`; `NO_LABEL` is never drawn.
        num_per_class: Integer.
        num_classes: Integer. Classes are 0 to `num_classes - 1`.
        *key: Integers that fix the draw, such as seed, purpose and number.

    Returns:
        Integers `(num_classes * num_per_class,)`, places in `labels`, class
        by class.

    Raises:
        InputError: see `check`.
    """
    check(labels, num_per_class, num_classes)
    generator = np.random.default_rng(key)
    return np.concatenate(
        [
            generator.permutation(np.flatnonzero(labels == label))[
                :num_per_class
            ]
            for label in range(num_classes)
        ]
    )


def smallest_class(labels, num_classes):
    """Returns the class of the fewest images, and their number."""
    counts = count(labels, num_classes)
    return int(counts.argmin()), int(counts.min())


def count(labels, num_classes):
    """Returns the number of images of each class.

    Raises:
        InputError: if a label is no class.
    """
    if labels.size and not NO_LABEL <= labels.min() <= labels.max() < (
        num_classes
    ):
        raise InputError(
            f"Labels must be 0 to {num_classes - 1}, or {NO_LABEL} for none. "
            f"Received: labels from {labels.min()} to {labels.max()}"
        )
    return np.bincount(labels[labels != NO_LABEL], minlength=num_classes)


def check(labels, num_per_class, num_classes):
    """Checks that each class has as many images as are asked for.

    Raises:
        InputError: if one has fewer, or a label is no class.
    """
    label, number = smallest_class(labels, num_classes)
    if number < num_per_class:
        raise InputError(
            f"Each class must have at least {num_per_class} labelled images, "
            "beside those for validation. Received: class "
            f"{label}, with {number}"
        )
