"""Whether reconstructions keep their class, by a classifier of images."""

from ali_keras.evaluation.classifiers import MAX_CLASSIFIER_IMAGES
from ali_keras.evaluation.classifiers import accuracy
from ali_keras.evaluation.metric import Metric


def measure(needs):
    """Yields the label accuracy of reconstructions, and its ceiling."""
    classifier, labels = needs.label_classifier, needs.labels
    yield (
        "reconstruction_agreement",
        accuracy(classifier, needs.reconstructions, labels, needs.progress),
    )
    yield (
        "classifier_accuracy",
        accuracy(classifier, needs.queries, labels, needs.progress),
    )
    yield (
        "num_classifier_images",
        min(len(needs.gallery), MAX_CLASSIFIER_IMAGES),
    )


METRIC = Metric(
    measure,
    needs=("images", "labels", "reconstructions", "label_classifier"),
    titles={
        "reconstruction_agreement": "label accuracy of reconstructions",
        "classifier_accuracy": "  the classifier's own accuracy (ceiling)",
    },
)
