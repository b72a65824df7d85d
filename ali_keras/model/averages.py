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
    averaged = {"encoder_ema": model.encoder, "decoder_ema": model.decoder}
    if model.discriminator_classes:
        averaged["discriminator_ema"] = model.discriminator
    copies = {}
    for name, network in averaged.items():
        copies[name] = copy_network(network, name, model.variable_dtype)
        copies[name].trainable = False
    return (*copies.values(), None)[:3]


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
