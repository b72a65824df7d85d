"""Models whose discriminator tells classes: answers, averages, replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Objective
from tests import tiny

CLASSES = 3
IMAGES = tiny.images()
EVERYTHING = Objective(
    relativistic=True,
    gradient_penalty=0.3,
    instance_noise=0.2,
    encoder_shift=1,
    labelled_shift=1,
)


def labelled_data(number=8, labelled_size=4, steps=1):
    """Batches with a labelled batch beside each."""
    unlabelled = tiny.images(number * steps)
    labelled = tiny.images(labelled_size * steps, seed=1)
    labels = np.arange(labelled_size * steps) % CLASSES
    datasets = (
        tiny.batches(unlabelled, number),
        tiny.batches((labelled, labels.astype("int32")), labelled_size),
    )
    return tf.data.Dataset.zip(*datasets).map(
        lambda images, labelled: {
            "image": images,
            "labelled_image": labelled[0],
            "labelled_label": labelled[1],
        }
    )


@pytest.fixture(scope="module")
def trained():
    """A model after some steps. Leave it as it is."""
    model = tiny.model(EVERYTHING, ema_decay=0.4, classes=CLASSES)
    tiny.fit(model, labelled_data(steps=3), batch_size=None)
    return model


def test_classify_gives_the_probabilities_at_the_mean_code(trained):
    found = trained.classify(IMAGES).numpy()
    z = trained.encoder_ema(IMAGES, training=False)["z_mean"]
    pairs = [tf.constant(IMAGES), z]  # Keras takes no mixture of kinds.
    logits = trained.discriminator_ema(pairs, training=False).numpy()
    powers = np.exp(logits)
    np.testing.assert_allclose(
        found, powers / powers.sum(axis=1, keepdims=True), rtol=1e-5
    )
    assert trained.discriminator_classes == CLASSES


def test_classify_draws_z_by_a_seed(trained):
    mean = trained.classify(IMAGES).numpy()
    one, same, other = (
        trained.classify(IMAGES, sample=True, seed=seed).numpy()
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-4
    assert np.abs(one - mean).max() > 1e-4


def test_both_kinds_of_z_at_once_are_those_one_by_one(trained):
    by_mean, by_draw = trained.classify_twice(IMAGES, seed=3)
    np.testing.assert_array_equal(by_mean, trained.classify(IMAGES))
    np.testing.assert_array_equal(by_draw, trained.classify(IMAGES, True, 3))


def test_a_model_with_a_single_logit_tells_no_classes():
    model = tiny.model()
    assert model.discriminator_classes == 0
    assert model.discriminator_ema is None
    with pytest.raises(ValueError, match="a logit for each class.*single"):
        model.classify(IMAGES)
    with pytest.raises(ValueError, match="a logit for each class"):
        model.classify_twice(IMAGES)


def test_the_discriminator_is_averaged():
    model = tiny.model(ema_decay=0.4, classes=CLASSES)
    before = [weight.numpy() for weight in model.discriminator.weights]
    tiny.fit(model, labelled_data(), batch_size=None)
    for average, old, new in zip(
        model.discriminator_ema.weights,
        before,
        model.discriminator.weights,
        strict=True,
    ):
        # The decay of the first step is 0.1.
        np.testing.assert_allclose(average, 0.1 * old + 0.9 * new, atol=1e-6)
    assert not model.discriminator_ema.trainable_variables


def test_evaluation_tells_the_error_of_classify(trained):
    labels = np.arange(8, dtype="int32") % CLASSES
    figures = trained.evaluate(
        IMAGES, labels, batch_size=4, verbose=0, return_dict=True
    )
    found = trained.classify(IMAGES).numpy()
    assert figures["classification_error"] == pytest.approx(
        np.mean(found.argmax(axis=1) != labels)
    )
    by_hand = -np.log(found[np.arange(8), labels]).mean()
    assert figures["classification_loss"] == pytest.approx(by_hand, rel=1e-5)
    assert {*trained.metrics_names} == {*figures}


def test_training_reports_the_error_of_the_labelled_images():
    model = tiny.model(classes=CLASSES)
    history = tiny.fit(model, labelled_data(), batch_size=None)
    assert {"classification_error", "classification_loss"} <= history.keys()
    plain = tiny.fit(model, IMAGES)
    assert "classification_error" not in plain


@pytest.mark.slow
def test_a_saved_model_trains_on_bit_for_bit(tmp_path):
    model = tiny.model(EVERYTHING, ema_decay=0.4, classes=CLASSES)
    tiny.fit(model, labelled_data(steps=2), batch_size=None)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.discriminator_classes == CLASSES
    assert tiny.changed(tiny.values(model), tiny.values(loaded)) == set()
    for each in (model, loaded):
        tiny.fit(each, labelled_data(steps=2), batch_size=None)
    assert tiny.changed(tiny.values(model), tiny.values(loaded)) == set()
    np.testing.assert_array_equal(
        model.classify(IMAGES), loaded.classify(IMAGES)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "num_replicas", [2, pytest.param(4, marks=pytest.mark.exhaustive)]
)
def test_replicas_train_what_one_trains(num_replicas):
    values, figures = [], []
    for number in (1, num_replicas):
        with tiny.strategy(number).scope():
            model = tiny.model(
                Objective(instance_noise=0.2, labelled_shift=1),
                "float64",
                ema_decay=0.2,
                classes=CLASSES,
            )
        figures.append(tiny.fit(model, labelled_data(steps=3), batch_size=None))
        values.append(tiny.values(model))
    distances = tiny.scattered(*values)
    assert max(distances.values()) < 1e-10, distances
    for name, value in figures[0].items():
        assert figures[1][name] == pytest.approx(value, rel=1e-6), name


@pytest.mark.slow
def test_replicas_weigh_labelled_images_alike():
    """Where one replica has more labelled images than another."""
    labels = np.array([0, 1, 2, -1, -1, -1, 1, -1], "int32")
    losses = []
    for number in (1, 2):
        with tiny.strategy(number).scope():
            model = tiny.model(dtype="float64", classes=CLASSES)
        data = tiny.batches((IMAGES, labels))
        history = tiny.fit(model, data, batch_size=None)
        losses.append(history["classification_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@pytest.mark.slow
def test_half_precision_trains_and_answers_in_full():
    model = tiny.model(EVERYTHING, "mixed_float16", classes=CLASSES)
    tiny.fit(model, labelled_data(), batch_size=None)
    assert model.classify(IMAGES).dtype == tf.float32
    policies = {
        layer.dtype_policy.name for layer in model.discriminator_ema.layers
    }
    assert policies == {"float32"}


def test_classes_are_told_with_z():
    with pytest.raises(ValueError, match="joint must be True"):
        tiny.model(Objective(joint=False), classes=CLASSES)


def test_a_network_of_ones_own_may_have_classes():
    encoder, decoder, _ = tiny.networks()
    image, z = keras.Input((4, 4, 1)), keras.Input((3,))
    h = keras.layers.Concatenate()([keras.layers.Flatten()(image), z])
    discriminator = keras.Model([image, z], keras.layers.Dense(5)(h))
    model = ali_keras.ALI(encoder, decoder, discriminator)
    assert model.discriminator_classes == 5
    np.testing.assert_allclose(
        np.sum(model.classify(IMAGES), axis=1), 1, rtol=1e-6
    )


def test_it_learns_classes_from_a_few_labels():
    """Of images that are bright at the left, at the right or nowhere."""
    random = np.random.default_rng(0)
    labels = np.arange(96) % CLASSES
    images = 0.2 * random.random((96, 4, 4, 1), "float32")
    images[labels == 0, :, :2] += 0.7
    images[labels == 1, :, 2:] += 0.7
    model = tiny.model(ema_decay=0.5, classes=CLASSES)
    data = {
        "image": np.tile(images, (8, 1, 1, 1)),
        "labelled_image": np.tile(images[:6], (128, 1, 1, 1)),
        "labelled_label": np.tile(labels[:6], 128),
    }
    tiny.fit(model, tiny.batches(data, 24), epochs=3, batch_size=None)
    found = np.argmax(model.classify(images), axis=1)
    assert np.mean(found != labels) < 0.05
