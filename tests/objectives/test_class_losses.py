"""Losses of K logits, against values and gradients computed by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from ali_keras.objectives import class_losses
from ali_keras.objectives import losses

# Of two images of the encoder and two of the decoder, three classes.
REAL = np.array([[1.0, 2.0, 0.5], [-1.0, 0.0, 3.0]], "float32")
FAKE = np.array([[0.2, -0.4, -2.0], [1.0, 1.0, 1.0]], "float32")
LABELS = tf.constant([1, 0])


def softmax(logits):
    """Of K logits alone."""
    powers = np.exp(np.asarray(logits, "f8"))
    return powers / powers.sum(axis=-1, keepdims=True)


def with_the_decoders_class(logits):
    """Probabilities of K + 1 classes, the last logit 0."""
    zeros = np.zeros((len(logits), 1))
    return softmax(np.concatenate([logits, zeros], axis=1))


def gradients(compute, *logits):
    logits = [tf.constant(each) for each in logits]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = compute(*logits)
    return [gradient.numpy() for gradient in tape.gradient(loss, logits)]


def test_the_score_of_a_single_logit_is_the_logit():
    logits = tf.constant([[1.5], [-2.0]], tf.float16)
    score = class_losses.score(logits)
    assert score.dtype == tf.float16
    np.testing.assert_array_equal(score, [1.5, -2.0])


def test_the_score_of_classes_by_hand():
    by_hand = math.log(math.exp(1) + math.exp(2) + math.exp(0.5))
    assert by_hand == pytest.approx(2.4643688)
    assert float(class_losses.score(REAL)[0]) == pytest.approx(by_hand)
    # Half precision has no exponential of 20.
    large = class_losses.score(tf.constant([[20.0, 20.0]], tf.float16))
    assert large.dtype == tf.float32
    assert float(large[0]) == pytest.approx(20 + math.log(2))


def test_the_score_is_the_log_odds_against_the_decoders_class():
    decoders = with_the_decoders_class(REAL)[:, -1]
    np.testing.assert_allclose(
        tf.sigmoid(class_losses.score(REAL)), 1 - decoders, rtol=1e-6
    )


def test_classification_losses_by_hand():
    # -2 + 2.4643688, and 1 + log(exp(-1) + 1 + exp(3)).
    by_hand = [0.4643688, 4.0658841]
    found = class_losses.classification_losses(REAL, LABELS)
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)
    equal = class_losses.classification_losses(tf.zeros((2, 5)), LABELS)
    np.testing.assert_allclose(equal, [math.log(5)] * 2, rtol=1e-6)


def test_the_gradient_of_the_classification_loss():
    [gradient] = gradients(
        lambda x: tf.reduce_sum(class_losses.classification_losses(x, LABELS)),
        REAL,
    )
    truth = [[0, 1, 0], [1, 0, 0]]
    np.testing.assert_allclose(gradient, softmax(REAL) - truth, atol=1e-6)


def test_the_reference_s_losses_of_unlabelled_images():
    """Salimans et al.: -l/2 + softplus(l)/2, and softplus(l)/2 of fakes."""
    real, fake = (np.log(np.exp(x).sum(axis=1)) for x in (REAL, FAKE))
    reference = np.mean(
        -real / 2 + np.log1p(np.exp(real)) / 2 + np.log1p(np.exp(fake)) / 2
    )
    scores = class_losses.score(REAL), class_losses.score(FAKE)
    ours = losses.discriminator_loss(*scores)
    assert float(ours) == pytest.approx(2 * reference)
    # The same as cross-entropies of K + 1 classes.
    decoders = [with_the_decoders_class(x)[:, -1] for x in (REAL, FAKE)]
    entropies = -np.log(1 - decoders[0]) - np.log(decoders[1])
    assert float(ours) == pytest.approx(entropies.mean())
    generators = losses.generator_loss(*scores)
    swapped = -np.log(decoders[0]) - np.log(1 - decoders[1])
    assert float(generators) == pytest.approx(swapped.mean(), rel=1e-6)


def test_the_gradients_of_the_discriminator_s_loss():
    def loss(real, fake):
        return losses.discriminator_loss(
            class_losses.score(real), class_losses.score(fake)
        )

    real, fake = gradients(loss, REAL, FAKE)
    decoders = [with_the_decoders_class(x)[:, -1:] for x in (REAL, FAKE)]
    np.testing.assert_allclose(
        real, -decoders[0] * softmax(REAL) / 2, atol=1e-6
    )
    np.testing.assert_allclose(
        fake, (1 - decoders[1]) * softmax(FAKE) / 2, atol=1e-6
    )


def test_errors_are_of_images_whose_likeliest_class_is_another():
    found = class_losses.classification_errors(REAL, LABELS)
    np.testing.assert_array_equal(found, [0, 1])
