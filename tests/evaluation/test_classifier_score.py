"""The score of samples: closed forms, and a classifier of real digits."""

import numpy as np
import pytest

from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.preprocessing import to_float
from ali_keras.evaluation import classifiers
from ali_keras.evaluation.metrics.classifier_score import classifier_score


class Fixed:
    """A classifier that reads its probabilities off the pixels."""

    def predict_proba(self, images):
        return np.array(images, "float32")


def score(*probabilities):
    images = np.array(probabilities, "float32")[:, None, :, None]
    return classifier_score(Fixed(), images)


def test_sure_images_of_k_classes_score_k():
    assert score([1, 0, 0], [0, 1, 0], [0, 0, 1]) == pytest.approx(3)
    assert score([1, 0, 0], [0, 1, 0]) == pytest.approx(2)


def test_images_that_tell_nothing_score_1():
    assert score([0.2, 0.8], [0.2, 0.8]) == pytest.approx(1)
    assert score([1, 0, 0], [1, 0, 0]) == pytest.approx(1)


def test_a_score_by_hand():
    divergence = 0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5)
    assert score([0.9, 0.1], [0.1, 0.9]) == pytest.approx(np.exp(divergence))
    mean = np.array([1.9 / 3, 1.1 / 3])
    sums = [
        np.sum(p * np.log(p / mean)) for p in np.array([[0.9, 0.1], [0.1, 0.9]])
    ]
    assert score([0.9, 0.1], [0.9, 0.1], [0.1, 0.9]) == pytest.approx(
        np.exp((2 * sums[0] + sums[1]) / 3)
    )


@pytest.mark.slow
def test_the_probability_classifier_knows_real_digits_from_noise(data_dir):
    builder = sources.open_dataset("mnist_5k", data_dir)
    (images, labels), (queries, query_labels) = (
        splits.load_arrays(builder, split, 28, 1) for split in ("train", "test")
    )
    images, queries = (to_float(i) for i in (images, queries))
    classifier = classifiers.fit_probability_classifier(images, labels)
    assert classifiers.accuracy(classifier, queries, query_labels) > 0.85
    rng = np.random.default_rng(0)
    noise = rng.random(queries.shape, "float32")
    score = classifier_score(classifier, queries)
    assert 6 < score < 10
    assert classifier_score(classifier, noise) < 0.5 * score
    again = classifiers.fit_probability_classifier(images, labels)
    assert classifier_score(again, queries) == score
