"""Classifiers of images, fitted to the training data.

One gives labels: the class of a reconstruction or a sample. The other gives
probabilities, for the classifier score.
"""

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from ali_keras.evaluation import batchwise

# A classifier is fitted to this many training images at most: the cost of
# the first grows faster than their number.
MAX_CLASSIFIER_IMAGES = 10_000
NUM_CLASSIFIER_EPOCHS = 20


def fit_label_classifier(images, labels):
    """Fits the classifier that gives labels: `SVC`, RBF, default settings.

    It sees the first `MAX_CLASSIFIER_IMAGES` images.
    """
    images = batchwise.as_rows(images[:MAX_CLASSIFIER_IMAGES])
    return SVC().fit(images, labels[:MAX_CLASSIFIER_IMAGES])


def fit_probability_classifier(images, labels):
    """Fits the classifier that gives probabilities: `MLPClassifier`.

    It has one hidden layer of 100, scikit-learn's default, and passes
    `NUM_CLASSIFIER_EPOCHS` times over the first `MAX_CLASSIFIER_IMAGES`
    images.
    """
    images = batchwise.as_rows(images[:MAX_CLASSIFIER_IMAGES])
    labels = labels[:MAX_CLASSIFIER_IMAGES]
    classifier = MLPClassifier(random_state=0)  # An SVC has no probabilities.
    for _ in range(NUM_CLASSIFIER_EPOCHS):
        classifier.partial_fit(images, labels, classes=np.unique(labels))
    return classifier


def predict(classifier, images):
    """Returns the label that a classifier gives each image."""
    parts = [
        classifier.predict(batchwise.as_rows(batch))
        for batch in batchwise.batches(images)
    ]
    return np.concatenate(parts)


def accuracy(classifier, images, labels):
    """Share of images that the classifier gives their label."""
    return float(np.mean(predict(classifier, images) == labels))
