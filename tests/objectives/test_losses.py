"""The losses against values computed by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from ali_keras.objectives import losses

LOSSES = (
    losses.discriminator_loss,
    losses.generator_loss,
    losses.relativistic_discriminator_loss,
    losses.relativistic_generator_loss,
)
ENCODER = tf.constant([1.0, -2.0])
DECODER = tf.constant([0.5, 3.0])


def softplus(value):
    return math.log(1 + math.exp(value))


@pytest.mark.parametrize("loss", LOSSES[:2])
def test_logits_of_zero_cost_twice_log_2(loss):
    assert float(loss(tf.zeros(5), tf.zeros(5))) == pytest.approx(
        2 * math.log(2)
    )


@pytest.mark.parametrize("loss", LOSSES[2:])
@pytest.mark.parametrize("logit", (0.0, -3.0, 8.0))
def test_equal_relativistic_logits_cost_log_2(loss, logit):
    logits = tf.fill((5,), logit)
    assert float(loss(logits, logits)) == pytest.approx(math.log(2))


def test_discriminator_loss_by_hand():
    by_hand = (
        softplus(-1.0) + softplus(2.0) + softplus(0.5) + softplus(3.0)
    ) / 2
    assert by_hand == pytest.approx(3.2314270)
    assert float(losses.discriminator_loss(ENCODER, DECODER)) == pytest.approx(
        by_hand
    )


def test_generator_loss_by_hand():
    by_hand = (
        softplus(1.0) + softplus(-2.0) + softplus(-0.5) + softplus(-3.0)
    ) / 2
    assert by_hand == pytest.approx(0.9814270)
    assert float(losses.generator_loss(ENCODER, DECODER)) == pytest.approx(
        by_hand
    )


def test_relativistic_losses_by_hand():
    # The encoder's logits minus the decoder's: 0.5 and -5.
    discriminator = (softplus(-0.5) + softplus(5.0)) / 2
    generator = (softplus(0.5) + softplus(-5.0)) / 2
    assert discriminator == pytest.approx(2.7403962)
    assert generator == pytest.approx(0.4903962)
    assert float(
        losses.relativistic_discriminator_loss(ENCODER, DECODER)
    ) == pytest.approx(discriminator)
    assert float(
        losses.relativistic_generator_loss(ENCODER, DECODER)
    ) == pytest.approx(generator)


@pytest.mark.parametrize(
    "generator_loss, discriminator_loss",
    (
        (losses.generator_loss, losses.discriminator_loss),
        (
            losses.relativistic_generator_loss,
            losses.relativistic_discriminator_loss,
        ),
    ),
)
def test_the_generators_swap_the_labels(generator_loss, discriminator_loss):
    swapped = float(discriminator_loss(DECODER, ENCODER))
    assert float(generator_loss(ENCODER, DECODER)) == swapped
    assert float(discriminator_loss(ENCODER, DECODER)) != swapped


def test_only_pairs_in_the_same_place_are_compared():
    turned = tf.reverse(DECODER, [0])
    loss = losses.relativistic_discriminator_loss
    assert float(loss(ENCODER, turned)) != float(loss(ENCODER, DECODER))


@pytest.mark.parametrize(
    "encoder, decoder, plain, relativistic",
    (
        ((1.0, 2.0), (-1.0, -2.0), 1.0, 1.0),
        ((-1.0, -2.0), (1.0, 2.0), 0.0, 0.0),
        ((1.0, -2.0), (0.5, 3.0), 0.25, 0.5),
        ((3.0, 4.0), (1.0, 2.0), 0.5, 1.0),
    ),
)
def test_accuracy_is_the_share_told_apart(
    encoder, decoder, plain, relativistic
):
    logits = (tf.constant(encoder), tf.constant(decoder))
    assert float(losses.discriminator_accuracy(*logits, False)) == plain
    assert float(losses.discriminator_accuracy(*logits, True)) == relativistic


def test_gradient_penalty_of_gradients_made_by_hand():
    # Squared norms over x: 4 * 1, 4 * 4; over z: 9 + 16, 0.
    x = np.stack([np.full((2, 2, 1), 1.0), np.full((2, 2, 1), -2.0)])
    z = np.array([[3.0, 4.0], [0.0, 0.0]])
    penalty = losses.gradient_penalty(x.astype("f4"), z.astype("f4"))
    # One pair of each kind: half of (4 + 25) and half of (16 + 0).
    assert float(penalty) == pytest.approx(29 / 2 + 16 / 2)


@pytest.mark.parametrize("dtype", ("float16", "bfloat16"))
@pytest.mark.parametrize("loss", LOSSES)
def test_low_precision_logits_give_float32_losses(loss, dtype):
    low = loss(tf.cast(ENCODER, dtype), tf.cast(DECODER, dtype))
    assert low.dtype == tf.float32
    # These logits are exact in both types, so the loss is too.
    assert float(low) == float(loss(ENCODER, DECODER))


@pytest.mark.parametrize("loss", LOSSES)
def test_float64_logits_give_float64_losses(loss):
    assert loss(tf.zeros(2, tf.float64), tf.zeros(2, tf.float64)).dtype == (
        tf.float64
    )


def test_a_penalty_beyond_float16_stays_finite():
    gradients = tf.fill((2, 1, 1, 1), tf.constant(300.0, tf.float16))
    penalty = losses.gradient_penalty(gradients, tf.zeros((2, 1), tf.float16))
    assert penalty.dtype == tf.float32
    assert float(penalty) == 300.0**2


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sign", (1.0, -1.0))
def test_extreme_logits_stay_finite(loss, sign):
    encoder = tf.constant([sign * 1e4])
    with tf.GradientTape() as tape:
        tape.watch(encoder)
        value = loss(encoder, -encoder)
    assert float(value) in (0.0, pytest.approx(2e4))
    assert np.isfinite(tape.gradient(value, encoder)).all()
