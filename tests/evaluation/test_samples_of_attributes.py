"""Attributes of samples: accuracies by hand, the classifier."""

import numpy as np

from ali_keras.evaluation.classifiers import AttributeClassifier
from ali_keras.evaluation.classifiers import predict
from ali_keras.evaluation.metrics.samples_of_attributes import (
    balanced_accuracies,
)


def test_accuracy_is_the_mean_of_with_and_without():
    truth = np.array([[1, 1], [0, 1], [0, 1], [0, 1]])
    predicted = np.array([[1, 1], [0, 0], [0, 1], [1, 1]])
    # The second attribute has no image without it.
    assert balanced_accuracies(predicted, truth) == {0: (1 + 2 / 3) / 2}


def test_one_answer_for_all_is_a_half():
    truth = np.array([[1], [0], [0], [0]])
    assert balanced_accuracies(np.zeros_like(truth), truth) == {0: 0.5}


def test_the_classifier_tells_attributes_one_by_one():
    rng = np.random.default_rng(0)
    has = rng.integers(0, 2, (200, 2))
    images = rng.integers(0, 60, (200, 4, 4, 1), np.uint8)
    images[:, :2] += 150 * has[:, :1, None, None].astype("uint8")
    images[:, 2:] += 150 * has[:, 1:, None, None].astype("uint8")
    classifier = AttributeClassifier(images[:100], has[:100])
    found = predict(classifier, images[100:])
    np.testing.assert_array_equal(found, has[100:])


def test_images_of_one_colour_have_a_classifier_too():
    images = np.zeros((4, 2, 2, 1), "uint8")
    classifier = AttributeClassifier(images, np.array([[0], [1], [1], [1]]))
    assert predict(classifier, images).tolist() == [[1]] * 4
