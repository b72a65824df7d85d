"""The metrics: closed forms on toy data, baselines fitted as they say."""

import json

import numpy as np
import pytest
from sklearn.svm import SVC

import ali_keras
from ali_keras.data.splits import load_held_out
from ali_keras.data.splits import load_splits
from ali_keras.evaluation import batchwise
from ali_keras.evaluation import classifiers
from ali_keras.evaluation import evaluate as evaluation
from ali_keras.evaluation.metrics.class_shares import class_shares
from ali_keras.evaluation.metrics.classifier_score import classifier_score
from ali_keras.evaluation.metrics.nearest_neighbour_accuracy import (
    nearest_neighbour_accuracy,
)
from ali_keras.evaluation.neighbours import nearest_neighbours
from ali_keras.evaluation.untrained import build_untrained
from tests import programs


@pytest.fixture(scope="module")
def small(data_dir, finished):
    """Trained model, configuration, 200 training and 50 held-out digits."""
    model, config = finished.load()
    train, held_out = load_splits(config)
    few = [
        tuple(array[:count] for array in split)
        for split, count in ((train, 200), (held_out, 50))
    ]
    return model, config, *few


@pytest.fixture(scope="module")
def metrics(small):
    return evaluation.evaluate(*small, num_samples=40)


@pytest.fixture(scope="module")
def untrained(small):
    _, config, (images, _), _ = small
    return build_untrained(config, images)


class Threshold:
    """A classifier of one-pixel images: 1 where they are above a half."""

    classes_ = np.array([0, 1, 2])

    def predict(self, images):
        return (images[:, 0] > 0.5).astype(int)


def test_nearest_neighbour_accuracy_on_a_line():
    gallery = np.array([[0.0], [1.0], [5.0]])
    queries = np.array([[0.4], [0.6], [2.9], [3.1]])
    accuracy = nearest_neighbour_accuracy(
        gallery, np.array([0, 1, 2]), queries, np.array([0, 0, 1, 2])
    )
    assert accuracy == 0.75


def test_nearest_neighbour_accuracy_flattens_and_scales_nothing():
    # The first axis is a hundred times as wide: it alone decides.
    gallery = np.array([[[0.0, 0.0]], [[100.0, 1.0]]])
    queries = np.array([[[10.0, 1.0]], [[90.0, 0.0]]])
    accuracy = nearest_neighbour_accuracy(
        gallery, np.array([0, 1]), queries, np.array([0, 1])
    )
    assert accuracy == 1.0


def test_a_query_in_the_gallery_finds_itself():
    points = np.random.default_rng(0).normal(size=(30, 4))
    labels = np.arange(30) % 3
    accuracy = nearest_neighbour_accuracy
    assert accuracy(points, labels, points, labels) == 1.0
    assert accuracy(points, labels, points, (labels + 1) % 3) == 0.0


def test_nearest_neighbours_are_images_of_the_gallery():
    gallery = np.array([0.0, 0.5, 1.0]).reshape(3, 1, 1, 1)
    queries = np.array([0.9, 0.1, 0.6]).reshape(3, 1, 1, 1)
    nearest = nearest_neighbours(gallery, queries)
    assert nearest.shape == (3, 1, 1, 1)
    assert nearest.flatten().tolist() == [1.0, 0.0, 0.5]


def test_class_shares_count_every_class():
    images = np.array([0.1, 0.2, 0.3, 0.9]).reshape(4, 1, 1, 1)
    shares = class_shares(Threshold(), images)
    assert shares == {"0": 0.75, "1": 0.25, "2": 0.0}


def test_accuracy_is_the_share_of_right_labels():
    images = np.array([0.1, 0.2, 0.8, 0.9]).reshape(4, 1, 1, 1)
    right = classifiers.accuracy(Threshold(), images, np.array([0, 1, 1, 1]))
    assert right == 0.75


def test_the_label_classifier_learns_real_digits(small):
    _, _, train, held_out = small
    images = train[0].astype("float32") / 255
    queries = held_out[0].astype("float32") / 255
    classifier = classifiers.fit_label_classifier(images, train[1])
    assert classifiers.accuracy(classifier, queries, held_out[1]) > 0.6


def test_the_label_classifier_is_the_svc_of_default_settings(small):
    _, _, (images, labels), _ = small
    gallery = images.reshape(len(images), -1).astype("float32") / 255
    # As many as there are pixels, and far from all that it was fitted to.
    noise = np.random.default_rng(0).random((300, gallery.shape[1]))
    queries = np.concatenate([gallery, noise * gallery[:50].repeat(6, axis=0)])
    expected = SVC().fit(gallery, labels)
    found = classifiers.fit_label_classifier(images, labels)
    np.testing.assert_array_equal(found.support_, expected.support_)
    np.testing.assert_allclose(
        found.decision_function(queries),
        expected.decision_function(queries),
        atol=1e-3,  # To which the solver itself goes.
    )
    np.testing.assert_array_equal(
        classifiers.predict(found, queries), expected.predict(queries)
    )
    assert len(set(expected.predict(queries))) == 10


def test_images_without_contrast_are_classified(small):
    images = np.zeros((4, 2, 2, 1), "uint8")
    classifier = classifiers.fit_label_classifier(images, [0, 0, 1, 0])
    assert classifiers.predict(classifier, images).tolist() == [0] * 4


def test_untrained_weights_are_the_initial_ones(small, untrained):
    _, config, *_ = small
    initial = ali_keras.build_model(config)
    for name in ("encoder", "encoder_ema"):
        found = getattr(untrained, name).layers
        for layer, expected in zip(found, initial.encoder.layers, strict=True):
            if "batch_norm" not in layer.name:
                for a, b in zip(layer.weights, expected.weights, strict=True):
                    np.testing.assert_array_equal(a, b)


def test_untrained_batch_norm_is_fitted_to_the_data(small, untrained):
    images = small[2][0].astype("float32") / 255
    encoder = untrained.encoder_ema
    names = [layer.name for layer in encoder.layers]
    first = names.index(next(n for n in names if "batch_norm" in n))
    convolution, batch_norm = encoder.layers[first - 1], encoder.layers[first]
    outputs = convolution(images).numpy().reshape(-1, convolution.filters)
    mean, variance = outputs.mean(axis=0), outputs.var(axis=0)
    spread = np.sqrt(variance)
    # Moving averages of batches of 20: they scatter about the whole's.
    assert np.abs(batch_norm.moving_mean - mean).max() < 0.2 * spread.max()
    ratio = np.asarray(batch_norm.moving_variance) / variance
    assert 0.6 < ratio.min() and ratio.max() < 1.6


def test_nearest_neighbour_figures_stand_beside_their_baselines(metrics):
    assert set(metrics["nearest_neighbour_accuracy"]) == {
        "z_mean",
        "z_mean_untrained",
        "features",
        "features_untrained",
        "pixels",
    }
    for value in metrics["nearest_neighbour_accuracy"].values():
        assert 0 <= value <= 1
    assert metrics["nearest_neighbour_accuracy"]["pixels"] > 0.6


def test_metrics_are_those_of_their_parts(small, metrics):
    model, _, train, held_out = small
    gallery = train[0].astype("float32") / 255
    queries = held_out[0].astype("float32") / 255
    decoded = model.reconstruct(queries).numpy()
    classifier = classifiers.fit_label_classifier(gallery, train[1])
    label_accuracy = np.mean(
        classifier.predict(decoded.reshape(50, -1)) == held_out[1]
    )
    assert metrics["reconstruction_agreement"] == pytest.approx(label_accuracy)
    assert metrics["reconstruction_error"] == pytest.approx(
        np.mean((decoded - queries) ** 2), rel=1e-4
    )
    codes = [model.encode(images).numpy() for images in (gallery, queries)]
    z_mean = nearest_neighbour_accuracy(
        codes[0], train[1], codes[1], held_out[1]
    )
    assert metrics["nearest_neighbour_accuracy"]["z_mean"] == z_mean


def test_the_scores_are_of_as_many_samples_as_real_images(small, metrics):
    model, _, train, held_out = small
    images, queries = (s[0].astype("float32") / 255 for s in (train, held_out))
    classifier = classifiers.fit_probability_classifier(images, train[1])
    for name, scored in (
        ("classifier_score", batchwise.generate(model, 40)),
        ("classifier_score_real", queries[:40]),
    ):
        expected = classifier_score(classifier, scored)
        assert metrics[name] == pytest.approx(expected, rel=1e-5)
    assert metrics["classifier_score_real"] > 1.5


def test_metrics_count_what_they_saw(metrics):
    assert metrics["num_gallery"] == metrics["num_classifier_images"] == 200
    assert metrics["num_queries"] == 50
    assert metrics["num_samples"] == 40
    shares = metrics["sample_class_shares"]
    assert sum(shares.values()) == pytest.approx(1)
    assert len(shares) == 10
    assert metrics["smallest_class_share"] == min(shares.values())
    assert json.loads(json.dumps(metrics)) == metrics


def test_without_labels_the_reconstruction_error_remains(small, metrics):
    model, config, train, held_out = small
    unlabelled = evaluation.evaluate(
        model, config, (train[0], None), (held_out[0], None)
    )
    assert set(unlabelled) == {
        "num_gallery",
        "num_queries",
        "reconstruction_error",
    }
    assert unlabelled["reconstruction_error"] == pytest.approx(
        metrics["reconstruction_error"]
    )


def test_a_data_set_without_labels_is_loaded(tmp_path, small):
    _, config, *_ = small
    programs.store_dataset(tmp_path, "bare", {"train": 30}, label=False)
    config = config.replace(dataset="bare", data_dir=str(tmp_path))
    (train, no_labels), (held_out, none) = load_splits(config)
    assert (len(train), len(held_out)) == (27, 3)
    assert no_labels is none is None
    np.testing.assert_array_equal(load_held_out(config)[0], held_out)


def test_generate_is_the_model_s_and_grows_by_number(small):
    model, *_ = small
    ten = batchwise.generate(model, 10, seed=3)
    np.testing.assert_allclose(ten, model.generate(10, seed=3), atol=1e-6)
    np.testing.assert_allclose(
        batchwise.generate(model, 4, seed=3), ten[:4], atol=1e-6
    )
