"""What a conditional model answers, and what it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras.evaluation import batchwise
from ali_keras.plotting import grids
from tests import tiny
from tests.conditional import models

IMAGES = tiny.images()
LABELS = models.LABELS


@pytest.fixture(scope="module")
def model():
    return models.model()


@pytest.fixture(scope="module")
def plain():
    return tiny.model()


def test_codes_and_images_are_the_networks_own(model):
    z = model.encoder_ema([tf.constant(IMAGES), tf.constant(LABELS, "int32")])
    np.testing.assert_array_equal(model.encode(IMAGES, LABELS), z["z_mean"])
    rebuilt = model.decoder_ema([z["z_mean"], tf.constant(LABELS, "int32")])
    np.testing.assert_array_equal(model.reconstruct(IMAGES, LABELS), rebuilt)
    np.testing.assert_array_equal(model.features(IMAGES, LABELS), z["features"])
    drawn = model.encode(IMAGES, LABELS, sample=True, seed=3)
    assert np.abs(drawn - z["z_mean"]).max() > 0


def test_one_label_is_that_of_all(model):
    all_ones = model.encode(IMAGES, np.ones(8, int))
    np.testing.assert_array_equal(model.encode(IMAGES, 1), all_ones)


def test_relabelled_is_the_same_z_as_another_class(model):
    z = model.encode(IMAGES, LABELS)
    relabelled = model.reconstruct(IMAGES, LABELS, relabel=1)
    np.testing.assert_array_equal(relabelled, model.decode(z, 1))
    assert np.abs(relabelled - model.reconstruct(IMAGES, LABELS)).max() > 0


def test_classes_come_in_turn(model):
    np.testing.assert_array_equal(
        model.generate(5, seed=2),
        model.generate(5, seed=2, labels=[0, 1, 0, 1, 0]),
    )
    # Batches of another size may be rounded in another order.
    np.testing.assert_allclose(
        batchwise.generate(model, 5, seed=2),
        model.generate(5, seed=2),
        atol=1e-6,
    )
    [batch] = batchwise.generate_batches(model, 3, labels=np.array([1, 1, 0]))
    assert batch["label"].tolist() == [1, 1, 0]


def test_interpolations_take_the_nearer_label(model):
    path = model.interpolate(IMAGES[:2], IMAGES[2:4], 3, [0, 0], [1, 1])
    z1, z2 = model.encode(IMAGES[:2], 0), model.encode(IMAGES[2:4], 1)
    for step, label in ((0, 0), (1, 1), (2, 1)):
        expected = model.decode(z1 + (z2 - z1) * step / 2, label)
        np.testing.assert_allclose(path[:, step], expected, atol=1e-6)


def test_keras_calls_take_images_with_labels(model):
    expected = model.reconstruct(IMAGES, LABELS)
    pairs = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(4)
    for data in (
        pairs,
        {"image": IMAGES, "label": LABELS},
        [IMAGES, LABELS],
    ):
        answers = model.predict(data, verbose=0)
        np.testing.assert_allclose(answers, expected, atol=1e-6)
    error = model.evaluate(IMAGES, LABELS, verbose=0, return_dict=True)
    np.testing.assert_allclose(
        error["reconstruction_error"],
        np.mean(np.square(IMAGES - expected)),
        rtol=1e-5,
    )
    assert set(model.metrics_names) == set(error)


def test_arrays_are_encoded_with_their_labels(model):
    codes = batchwise.encode(model, IMAGES, labels=LABELS)
    expected = model.encode(IMAGES, LABELS)
    np.testing.assert_allclose(codes["z_mean"], expected, atol=1e-6)
    rebuilt = batchwise.reconstruct(model, IMAGES, labels=LABELS)
    expected = model.reconstruct(IMAGES, LABELS)
    np.testing.assert_allclose(rebuilt, expected, atol=1e-6)


def test_a_grid_of_samples_has_one_class_a_column(model):
    picture = grids.samples(model, 100, seed=1)
    assert picture.shape == (10 * 6 * 2, 2 * 6 * 2, 1)
    expected = grids.grid(model.generate(20, seed=1), 2)
    np.testing.assert_array_equal(picture, expected)


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.encode(IMAGES),
        lambda m: m.decode(np.zeros((2, 3))),
        lambda m: m.reconstruct(IMAGES),
        lambda m: m.predict(IMAGES, verbose=0),
        lambda m: m.encode(IMAGES, LABELS + 1),
    ],
)
def test_a_conditional_model_wants_its_labels(model, call):
    with pytest.raises(ValueError, match="labels of a conditional model must"):
        call(model)


def test_labels_must_be_as_many_as_images(model):
    with pytest.raises(ValueError, match="each of 8 images .* Received: 3"):
        model.encode(IMAGES, LABELS[:3])


def test_an_unconditional_model_wants_none(plain):
    for call in (
        lambda: plain.encode(IMAGES, LABELS),
        lambda: plain.generate(8, labels=LABELS),
        lambda: plain.reconstruct(IMAGES, relabel=1),
    ):
        with pytest.raises(ValueError, match="must be given no labels"):
            call()


def test_calls_without_labels_are_as_before(plain):
    drawn = plain.encode(IMAGES, sample=True, seed=3)
    np.testing.assert_array_equal(plain.encode(IMAGES, True, 3), drawn)
    np.testing.assert_array_equal(
        plain.encode(IMAGES, False), plain.encode(IMAGES)
    )


def test_a_model_of_attributes_draws_what_it_is_told():
    model = models.model(models.ATTRIBUTES)
    vectors = models.VECTORS
    images = model.generate(8, labels=vectors)
    z = model.sample_prior(8)
    np.testing.assert_array_equal(images, model.decode(z, vectors))
    with pytest.raises(ValueError, match="a vector of 3 numbers"):
        model.generate(8)


def test_it_learns_which_class_is_which():
    keras.utils.set_random_seed(0)
    images, labels = models.striped_images(512)
    model = models.model(
        objective=ali_keras.Objective(relativistic=True, gradient_penalty=0.1),
        ema_decay=0.9,
    )
    model.fit(images, labels, batch_size=32, epochs=12, verbose=0)
    told = np.arange(200) % 2
    drawn = model.generate(200, labels=told).numpy()
    halves = drawn.reshape(200, 4, 2, 2).mean((1, 3))  # Left, right.
    assert np.mean((halves[:, 1] > halves[:, 0]) == told) > 0.95
