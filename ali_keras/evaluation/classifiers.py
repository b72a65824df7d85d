"""Classifiers of images, fitted to the training data.

One gives labels: the class of a reconstruction or a sample. Another gives
probabilities, for the classifier score. The third tells attributes.
"""

import functools

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from ali_keras.evaluation import batchwise
from ali_keras.progress import silent

# A classifier is fitted to this many training images at most: the cost of
# the first grows faster than their number.
MAX_CLASSIFIER_IMAGES = 10_000
NUM_CLASSIFIER_EPOCHS = 20
MAX_ATTRIBUTE_IMAGES = 5_000


def fit_label_classifier(images, labels, progress=silent):
    """Fits the classifier that gives labels: `SVC`, RBF, default settings.

    It sees the first `MAX_CLASSIFIER_IMAGES` images.
    """
    images = batchwise.as_rows(images[:MAX_CLASSIFIER_IMAGES])
    # The kernel of `SVC()`, but by products of matrices: the SVC's own loops
    # over pairs of images take minutes where this takes seconds.
    kernel = functools.partial(rbf_kernel, gamma=_gamma(images))
    classifier = SVC(kernel=kernel)
    title = f"Fitting a support vector machine to {len(images):,} images"
    for _ in progress(range(1), 1, title):
        classifier.fit(images, labels[:MAX_CLASSIFIER_IMAGES])
    return classifier


def _gamma(rows):
    """Returns the width of the kernel of `SVC()`: gamma="scale"."""
    spread = rows.var(dtype="float64")
    return 1 / (rows.shape[1] * spread) if spread else 1.0


class AttributeClassifier:
    """Tells all attributes of images: a least-squares SVM for each, RBF.

    They share the kernel, so that one solution of linear equations fits all.
    It sees the first `MAX_ATTRIBUTE_IMAGES` images.

    Args:
        images: uint8 array `(num_images, height, width, channels)`.
        attributes: Array `(num_images, num_attributes)` of 0 and 1.
        progress: Function as `progress.silent`.
    """

    def __init__(self, images, attributes, progress=silent):
        rows = batchwise.as_rows(images[:MAX_ATTRIBUTE_IMAGES])
        signs = 2 * attributes[:MAX_ATTRIBUTE_IMAGES] - 1
        self._ridge = KernelRidge(alpha=0.01, kernel="rbf", gamma=_gamma(rows))
        title = f"Fitting classifiers of attributes to {len(rows):,} images"
        for _ in progress(range(1), 1, title):
            self._ridge.fit(rows, signs)

    def predict(self, rows):
        """Returns an array `(num_rows, num_attributes)` of 0 and 1."""
        return (self._ridge.predict(rows) > 0).astype("int32")


def fit_probability_classifier(images, labels, progress=silent):
    """Fits the classifier that gives probabilities: `MLPClassifier`.

    It has one hidden layer of 100, scikit-learn's default, and passes
    `NUM_CLASSIFIER_EPOCHS` times over the first `MAX_CLASSIFIER_IMAGES`
    images.
    """
    images = batchwise.as_rows(images[:MAX_CLASSIFIER_IMAGES])
    labels = labels[:MAX_CLASSIFIER_IMAGES]
    classifier = MLPClassifier(random_state=0)  # An SVC has no probabilities.
    epochs = range(NUM_CLASSIFIER_EPOCHS)
    title = f"Fitting a network to {len(images):,} images"
    for _ in progress(epochs, NUM_CLASSIFIER_EPOCHS, title):
        classifier.partial_fit(images, labels, classes=np.unique(labels))
    return classifier


def predict(classifier, images, progress=silent):
    """Returns the label that a classifier gives each image."""
    parts = [
        classifier.predict(batchwise.as_rows(batch))
        for batch in batchwise.watched_batches(images, progress, "Classifying")
    ]
    return np.concatenate(parts)


def accuracy(classifier, images, labels, progress=silent):
    """Share of images that the classifier gives their label."""
    return float(np.mean(predict(classifier, images, progress) == labels))
