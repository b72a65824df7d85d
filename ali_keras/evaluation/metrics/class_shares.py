"""Whether samples are of all classes, by a classifier of images."""

import numpy as np

from ali_keras.evaluation.classifiers import predict
from ali_keras.evaluation.metric import Metric


def class_shares(classifier, images):
    """Share of the images that the classifier puts into each class."""
    predicted = predict(classifier, images)
    return {
        str(label): float(np.mean(predicted == label))
        for label in classifier.classes_
    }


def measure(needs):
    """Yields the share of each class among the samples."""
    shares = class_shares(needs.label_classifier, needs.samples)
    yield "num_samples", needs.num_samples
    yield "sample_class_shares", shares
    yield "smallest_class_share", min(shares.values())


METRIC = Metric(
    measure,
    needs=("images", "labels", "samples", "label_classifier"),
    titles={
        "smallest_class_share": (
            "smallest share of a class in {num_samples} samples"
        )
    },
)
