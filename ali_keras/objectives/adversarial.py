"""Two players and a network that tells two kinds of pairs apart."""

import tensorflow as tf

from ali_keras import noise
from ali_keras.objectives import losses


def adversarial_terms(
    discriminator, pairs, key, training, relativistic, penalty_interval=0
):
    """Computes both players' losses and the gradient penalty.

    Args:
        discriminator: `keras.Model`, two inputs to a logit `(batch, 1)`.
        pairs: Tuple of two tensors, the parts of the pairs. Along axis 0,
            the true pairs (the encoder's) come first, then as many made ones
            (the decoder's).
        key: int32 tensor of shape `(2,)`, for dropout, see `noise.fold`.
        training: Boolean.
        relativistic: Boolean. Whether true pairs are compared with made ones.
        penalty_interval: Integer. One of so many pairs is penalised; 0 is
            none.

    Returns:
        Dictionary of scalars: `discriminator_loss`, `generator_loss`,
        `discriminator_accuracy` and, with a penalty, `gradient_penalty`.
    """

    def discriminate(pairs):
        with noise.scope(key, groups=2):
            return discriminator(list(pairs), training=training)[:, 0]

    logits = tf.split(discriminate(pairs), 2)
    terms = _losses(logits, relativistic)
    if penalty_interval:
        terms["gradient_penalty"] = _penalty(
            discriminate, [_penalised(part, penalty_interval) for part in pairs]
        )
    return terms


def _losses(logits, relativistic):
    if relativistic:
        discriminator_loss = losses.relativistic_discriminator_loss(*logits)
        generator_loss = losses.relativistic_generator_loss(*logits)
    else:
        discriminator_loss = losses.discriminator_loss(*logits)
        generator_loss = losses.generator_loss(*logits)
    return {
        "discriminator_loss": discriminator_loss,
        "generator_loss": generator_loss,
        "discriminator_accuracy": losses.discriminator_accuracy(
            *logits, relativistic
        ),
    }


def _penalised(part, interval):
    # The discriminator alone is penalised: nothing flows back from here. A
    # share of the pairs at each step, not all of them at some steps: under
    # replicas, no collective operation may hide in a conditional.
    kinds = tf.split(tf.stop_gradient(part), 2)
    return tf.concat([kind[::interval] for kind in kinds], axis=0)


def _penalty(discriminate, pairs):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(pairs)
        logits = discriminate(pairs)
    return losses.gradient_penalty(*tape.gradient(logits, pairs))
