"""Whether a conditional model's samples are of the classes asked for.

Beside it, how far the samples of a class lie apart: a model that draws one
image for each class has all of its labels right.
"""

import numpy as np
from scipy.spatial.distance import pdist

from ali_keras.evaluation import batchwise
from ali_keras.evaluation.classifiers import accuracy
from ali_keras.evaluation.metric import Metric


def mean_distance(images):
    """Mean Euclidean distance of all pairs of images.

    Args:
        images: Array `(num_images, height, width, channels)`, of at least two.

    Returns:
        Float.
    """
    return float(pdist(batchwise.as_rows(images)).mean())


def spread(samples, sample_labels, images, labels):
    """Spread of the samples of each class over that of its images.

    As many images of a class are taken as it has samples, at most. A class
    with fewer than two of either is left out.

    Returns:
        Dictionary: for each class, by its number as a string, the mean
        distance of samples over that of images.
    """
    ratios = {}
    for label in np.unique(labels):
        drawn = samples[sample_labels == label]
        real = images[labels == label][: len(drawn)]
        if min(len(drawn), len(real)) > 1:
            ratios[str(label)] = mean_distance(drawn) / mean_distance(real)
    return ratios


def measure(needs):
    """Yields the label accuracy of samples, and the spread by class."""
    yield (
        "sample_label_accuracy",
        accuracy(needs.label_classifier, needs.samples, needs.sample_labels),
    )
    ratios = spread(
        needs.samples, needs.sample_labels, needs.queries, needs.labels
    )
    yield "sample_spread", ratios
    if ratios:
        yield "mean_sample_spread", float(np.mean(list(ratios.values())))


METRIC = Metric(
    measure,
    needs=("images", "labels", "samples", "sample_labels", "label_classifier"),
    titles={
        "sample_label_accuracy": "label accuracy of samples, told their class",
        "mean_sample_spread": "spread within a class, over that of images",
    },
)
