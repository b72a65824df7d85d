"""The terms of a discriminator that tells classes."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import noise
from ali_keras.latents import posterior
from ali_keras.objectives import augmentation
from ali_keras.objectives import class_losses
from ali_keras.objectives.objective import Objective
from tests import tiny

KEY = noise.fold(7, 0)
CLASSES = 3
IMAGES = tf.constant(tiny.images())
OTHERS = tf.constant(tiny.images(4, seed=1))
LABELS = tf.constant([0, 1, 2, 1])


@pytest.fixture(scope="module")
def networks():
    return tiny.networks(classes=CLASSES)


def terms_of(networks, training=True, labels=None, labelled=None, **settings):
    return Objective(**settings).terms(
        networks,
        IMAGES,
        KEY,
        tf.constant(0, tf.int64),
        training,
        labels=labels,
        labelled=labelled,
    )


def by_hand(networks, images, z, labels, training):
    """Mean loss and error of some images."""
    with noise.scope(noise.fold(KEY, noise.LABELLED_DROPOUT)):
        logits = networks[2]([images, z], training=training).numpy()
    powers = np.exp(logits.astype("f8"))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    losses = -np.log(probabilities[np.arange(len(labels)), labels])
    return losses.mean(), np.mean(logits.argmax(axis=1) != labels)


def found(terms):
    names = ("classification_loss", "classification_error")
    return tuple(float(terms[name]) for name in names)


def test_the_labelled_batch_is_judged_with_draws_of_z(networks):
    terms = terms_of(networks, labelled=(OTHERS, LABELS))
    key = noise.fold(KEY, noise.LABELLED)
    z = posterior.encode(networks[0], OTHERS, key, training=False)
    expected = by_hand(networks, OTHERS, z, LABELS.numpy(), training=True)
    assert found(terms) == pytest.approx(expected, rel=1e-5)


def test_shift_and_noise_reach_the_labelled_images(networks):
    settings = {"labelled_shift": 2, "instance_noise": 0.5}
    terms = terms_of(networks, labelled=(OTHERS, LABELS), **settings)
    shifted = augmentation.shift(
        OTHERS, 2, noise.fold(KEY, noise.LABELLED_SHIFT)
    )
    assert np.abs(shifted - OTHERS).max() > 0.1
    key = noise.fold(KEY, noise.LABELLED)
    z = posterior.encode(networks[0], shifted, key, training=False)
    key = noise.fold(noise.fold(KEY, noise.LABELLED_INSTANCE), 0)
    noisy = shifted + 0.5 * noise.normal(key, (4, 4, 4, 1))
    expected = by_hand(networks, noisy, z, LABELS.numpy(), training=True)
    assert found(terms) == pytest.approx(expected, rel=1e-5)


def test_in_evaluation_z_is_the_mean(networks):
    terms = terms_of(networks, training=False, labelled=(OTHERS, LABELS))
    z = networks[0](OTHERS, training=False)["z_mean"]
    expected = by_hand(networks, OTHERS, z, LABELS.numpy(), training=False)
    assert found(terms) == pytest.approx(expected, rel=1e-5)


def test_without_a_labelled_batch_the_labelled_images_of_the_batch_count(
    networks,
):
    labels = np.array([-1, 2, -1, 0, 1, -1, -1, -1], "int32")
    terms = terms_of(networks, training=False, labels=tf.constant(labels))
    z = networks[0](IMAGES, training=False)["z_mean"]
    known = labels >= 0
    images, z = IMAGES[known], z[known]
    expected = by_hand(networks, images, z, labels[known], training=False)
    assert found(terms) == pytest.approx(expected, rel=1e-5)
    none = terms_of(networks, labels=tf.fill([8], -1))
    assert found(none) == (0, 0)


def test_a_single_logit_has_no_terms_of_classes():
    terms = terms_of(tiny.networks(), labelled=(OTHERS, LABELS))
    plain = terms_of(tiny.networks())
    assert terms.keys() == plain.keys()
    assert "classification_loss" not in plain


def test_the_game_is_played_with_the_score(networks):
    """Accuracy and penalty too: as of a network that ends in the score."""
    encoder, decoder, discriminator = networks

    def with_score(pairs, training):
        logits = discriminator(pairs, training=training)
        return class_losses.score(logits)[:, None]

    settings = {"gradient_penalty": 0.3, "relativistic": True}
    expected = terms_of((encoder, decoder, with_score), **settings)
    terms = terms_of(networks, labelled=(OTHERS, LABELS), **settings)
    assert expected["gradient_penalty"] > 0
    for name, value in expected.items():
        assert float(terms[name]) == pytest.approx(float(value), rel=1e-5)


def test_only_the_discriminator_minimises_the_classification_loss(networks):
    objective = Objective(classification_weight=3.0)
    labelled = (OTHERS, LABELS)
    terms = terms_of(networks, labelled=labelled)
    discriminators, generators = objective.totals(terms, 0)
    assert float(generators) == float(terms["generator_loss"])
    assert float(discriminators) == pytest.approx(
        float(terms["discriminator_loss"] + 3 * terms["classification_loss"])
    )
    with tf.GradientTape() as tape:
        loss = terms_of(networks, labelled=labelled)["classification_loss"]
    encoder, _, discriminator = networks
    variables = encoder.trainable_variables, discriminator.trainable_variables
    of_encoder, of_discriminator = tape.gradient(loss, variables)
    assert all(gradient is None for gradient in of_encoder)
    assert all(gradient is not None for gradient in of_discriminator)


def test_the_labelled_images_leave_the_encoder_s_statistics_alone(networks):
    encoder = networks[0]

    def statistics(**options):
        before = encoder.get_weights()
        terms_of(networks, **options)
        after = encoder.get_weights()
        encoder.set_weights(before)
        return after

    plain, both = statistics(), statistics(labelled=(OTHERS, LABELS))
    for one, other in zip(plain, both, strict=True):
        np.testing.assert_array_equal(one, other)


def test_labels_beyond_the_classes_are_refused(networks):
    message = "Labels must be below the discriminator's 3 classes"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        terms_of(networks, labelled=(OTHERS, tf.constant([0, 1, 3, 0])))


def test_vectors_of_attributes_are_no_classes(networks):
    attributes = tf.zeros((4, 2), tf.int32)
    with pytest.raises(ValueError, match=r"one class of an image.*\(4, 2\)"):
        terms_of(networks, labelled=(OTHERS, attributes))
