"""Classifiers of images, fitted to the training data.

One gives labels: the class of a reconstruction or a sample. The other gives
probabilities, for the classifier score.
"""

import functools

import numpy as np
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from ali_keras.evaluation import batchwise
from ali_keras.progress import silent

# A classifier is fitted to this many training images at most: the cost of
# the first grows faster than their number.
MAX_CLASSIFIER_IMAGES = 10_000
NUM_CLASSIFIER_EPOCHS = 20


def fit_label_classifier(images, labels, progress=silent):
    """Fits the classifier that gives labels: `SVC`, RBF, default settings.

    It sees the first `MAX_CLASSIFIER_IMAGES` images.
    """
    images = batchwise.as_rows(images[:MAX_CLASSIFIER_IMAGES])
    # The kernel of `SVC()`, but by products of matrices: the SVC's own loops
    # over pairs of images take minutes where this takes seconds.
    spread = images.var(dtype="float64")
    gamma = 1 / (images.shape[1] * spread) if spread else 1.0
    kernel = functools.partial(rbf_kernel, gamma=gamma)
    classifier = SVC(kernel=kernel)
    title = f"Fitting a support vector machine to {len(images):,} images"
    for _ in progress(range(1), 1, title):
        classifier.fit(images, labels[:MAX_CLASSIFIER_IMAGES])
    return classifier


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
