"""The Inception score with a classifier of the data's own classes."""

from ali_keras.evaluation import batchwise
from ali_keras.evaluation import inception_score
from ali_keras.evaluation.metric import Metric


def classifier_score(classifier, images):
    """Computes the Inception score with a classifier of these classes.

    The classifier is our own: compare the score with that of real images, not
    with published ones. See `inception_score.from_probabilities`.

    Args:
        classifier: With `predict_proba`, see
            `classifiers.fit_probability_classifier`.
        images: Array `(num_images, height, width, channels)`: uint8 pixels,
            or floats in [0, 1].

    Returns:
        Float.
    """
    # In one piece: a product of matrices rounds by how many rows it has.
    probabilities = classifier.predict_proba(batchwise.as_rows(images))
    return inception_score.from_probabilities(probabilities)


def measure(needs):
    """Yields the scores of samples and of as many held-out images."""
    classifier = needs.probability_classifier
    yield "classifier_score", classifier_score(classifier, needs.samples)
    yield (
        "classifier_score_real",
        classifier_score(classifier, needs.queries[: needs.num_samples]),
    )


METRIC = Metric(
    measure,
    needs=("images", "labels", "samples", "probability_classifier"),
    titles={
        "classifier_score": "classifier score of samples",
        "classifier_score_real": "  of held-out images",
    },
)
