"""Exponential moving averages of whole networks."""

import tensorflow as tf

from ali_keras.networks.weights import copy_network


def averages_of(model):
    """Makes the averages of an `ALI`, equal to its networks for now.

    Args:
        model: `ALI`. Its discriminator is averaged if it tells classes.

    Returns:
        Tuple of three frozen `keras.Model`s, of encoder, decoder and
        discriminator; the last is `None` for a single logit.
    """
    dtype = model.variable_dtype
    return (
        _frozen_copy(model.encoder, "encoder_ema", dtype),
        _frozen_copy(model.decoder, "decoder_ema", dtype),
        _frozen_copy(model.discriminator, "discriminator_ema", dtype)
        if model.discriminator_classes
        else None,
    )


def _frozen_copy(network, name, dtype):
    copy = copy_network(network, name, dtype)
    copy.trainable = False
    return copy


def update_model(model, discriminator_skipped=None, generator_skipped=None):
    """Moves the averages of an `ALI` towards its networks.

    Args:
        model: `ALI`. Its discriminator is averaged if it tells classes.
        discriminator_skipped: As `skipped` of `update_averages`.
        generator_skipped: Likewise, of encoder and decoder.
    """
    for averages, network, skipped in (
        (model.encoder_ema, model.encoder, generator_skipped),
        (model.decoder_ema, model.decoder, generator_skipped),
        (model.discriminator_ema, model.discriminator, discriminator_skipped),
    ):
        if averages:
            update_averages(
                averages, network, model.ema_decay, model.step, skipped
            )


def update_averages(averages, network, decay, step, skipped=None):
    """Moves averages towards a network: weights and BatchNorm statistics.

    The decay of a step is `min(decay, (1 + step) / (10 + step))`: a warm-up
    that keeps the random initial weights out of the average.

    Args:
        averages: `keras.Model`, a copy of the network in full precision.
        network: `keras.Model`.
        decay: Float in [0, 1).
        step: Scalar integer tensor, steps before this one.
        skipped: Scalar boolean tensor. Whether the averages stay, as the
            network did; `None` is no.
    """
    # Weights, not variables: those have the states of Keras' noise as well.
    for average, variable in zip(
        averages.weights, network.weights, strict=True
    ):
        new = tf.cast(variable, average.dtype)
        kept = _decay(decay, tf.cast(step, average.dtype))
        new = kept * average + (1 - kept) * new
        if skipped is not None:
            new = tf.where(skipped, average, new)
        average.assign(new)


def _decay(decay, step):
    return tf.minimum(tf.constant(decay, step.dtype), (1 + step) / (10 + step))
