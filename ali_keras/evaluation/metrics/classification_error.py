"""The error of a discriminator that tells classes, on held-out images."""

import numpy as np

from ali_keras.evaluation.metric import Metric


def error(probabilities, labels):
    """Share of images whose likeliest class is not their label."""
    return float(np.mean(probabilities.argmax(axis=-1) != labels))


def measure(needs):
    """Yields a dictionary of errors, by the z that the discriminator sees."""
    yield (
        "classification_error",
        {
            name: error(probabilities, needs.labels)
            for name, probabilities in needs.class_probabilities.items()
        },
    )


METRIC = Metric(
    measure,
    needs=("images", "labels", "class_probabilities"),
    titles={
        "classification_error.z_mean": "error of the discriminator's classes",
        "classification_error.z_sampled": "  with z drawn from q(z|x)",
    },
)
