"""Exponential moving averages of whole networks."""

import tensorflow as tf


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
