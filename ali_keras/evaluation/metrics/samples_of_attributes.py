"""Whether a model's samples have the attributes that it was told."""

import numpy as np

from ali_keras.evaluation.classifiers import predict
from ali_keras.evaluation.metric import Metric


def balanced_accuracies(predicted, attributes):
    """Accuracy by attribute: the mean of that with it and of that without.

    An answer that is always the same has 0.5, however rare an attribute is.

    Args:
        predicted: Array `(num_images, num_attributes)` of 0 and 1.
        attributes: Array likewise: the truth.

    Returns:
        Dictionary of floats by the attribute's place. One that all images
        have, or none, is left out.
    """
    is_right, has = predicted == attributes, attributes == 1
    return {
        place: float(right[on].mean() + right[~on].mean()) / 2
        for place, (right, on) in enumerate(zip(is_right.T, has.T, strict=True))
        if on.any() and not on.all()
    }


def measure(needs):
    """Yields the accuracies of samples and of held-out images, by name."""
    classifier, names = needs.attribute_classifier, needs.attribute_names
    for prefix, images, attributes in (
        ("sample_attribute", needs.samples, needs.sample_labels),
        ("attribute_classifier", needs.queries, needs.labels),
    ):
        found = balanced_accuracies(predict(classifier, images), attributes)
        if found:
            yield (
                f"{prefix}_accuracy",
                {names[place]: value for place, value in found.items()},
            )
            values = list(found.values())
            yield f"mean_{prefix}_accuracy", float(np.mean(values))
            yield f"smallest_{prefix}_accuracy", min(values)


METRIC = Metric(
    measure,
    needs=("images", "samples", "sample_attributes", "attribute_classifier"),
    titles={
        "mean_sample_attribute_accuracy": "attribute accuracy of samples, mean",
        "mean_attribute_classifier_accuracy": (
            "  the classifier's own accuracy (ceiling)"
        ),
        "smallest_sample_attribute_accuracy": "  the lowest of samples",
    },
)
