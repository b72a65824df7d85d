"""Labelled data of a test's own, as `LabelledData` has them."""

import numpy as np


class Arrays:
    """Points on a line, or in a space, as images of one pixel.

    Args:
        pool: Tuple of points, `(num,)` or `(num, channels)`, and labels.
        validation: Tuple likewise.
        test: Tuple likewise.
    """

    def __init__(self, pool, validation, test):
        self.pool = _as_images(*pool)
        self.validation = _as_images(*validation)
        self._test = _as_images(*test)
        self.num_classes = int(self.pool[1].max()) + 1
        self.num_test = len(self._test[1])
        self.num_reads = 0  # Of the test split.

    def validation_batches(self):
        yield from _batches(*self.validation)

    def test_batches(self):
        self.num_reads += 1
        yield from _batches(*self._test)


def _as_images(points, labels):
    points = np.asarray(points, "float32")
    return points.reshape(len(points), 1, 1, -1), np.asarray(labels)


def _batches(images, labels):
    for start in range(0, len(labels), 2):
        yield images[start : start + 2], labels[start : start + 2]
