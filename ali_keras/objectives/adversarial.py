"""The adversarial game on joint pairs: losses and the gradient penalty."""

from ali_keras import noise
from ali_keras import settings
from ali_keras.lazy import tensorflow as tf
from ali_keras.objectives import augmentation
from ali_keras.objectives import class_losses
from ali_keras.objectives import losses
from ali_keras.objectives.term import DISCRIMINATOR
from ali_keras.objectives.term import GENERATOR
from ali_keras.objectives.term import NO_ONE
from ali_keras.objectives.term import Term
from ali_keras.settings import setting

TERMS = (
    Term("discriminator_loss", DISCRIMINATOR),
    Term("generator_loss", GENERATOR),
    Term("discriminator_accuracy", NO_ONE),
    Term("gradient_penalty", DISCRIMINATOR, "gradient_penalty"),
)


@settings.group
class Settings:
    """The adversarial losses.

    The relativistic loss compares each encoder pair with a decoder pair, see
    `losses.relativistic_discriminator_loss`. The gradient penalty is the
    zero-centred one on both kinds of pairs, by x and z, see
    `losses.gradient_penalty`. With an interval of k it is computed on every
    k-th pair of a batch: an estimate at a part of the cost. N replicas
    penalise the pairs that one would if k divides their share of the batch.

    If the discriminator does not see z, it is given zeros. Decoder and
    discriminator are then a GAN of x alone, and the encoder learns from the
    latent regression, or not at all.
    """

    relativistic: bool = setting(False, "Relativistic pairing loss.")
    gradient_penalty: float = setting(
        0.0, "Weight of R1 + R2; 0: off.", at_least=0
    )
    gradient_penalty_interval: int = setting(
        1, "One of so many pairs is penalised.", at_least=1
    )
    joint: bool = setting(True, "Whether the discriminator sees z.")


def terms(objective, forward):
    """Computes the terms of the game, see `TERMS`.

    The discriminator is called once, on both kinds of pairs concatenated.

    Args:
        objective: `Objective`.
        forward: `Forward`.

    Returns:
        Dictionary of scalars, as `adversarial_terms`.
    """
    x_tilde = forward.x_tilde
    z_hat = forward.z_hat if objective.joint else tf.zeros_like(forward.z)
    x, z = in_a_row((forward.images, z_hat), (x_tilde, forward.z))
    if not objective.joint:
        z = tf.zeros_like(z)
    if forward.training and objective.instance_noise:
        x = augmentation.add_instance_noise(
            x,
            objective.instance_noise,
            objective.instance_noise_steps,
            forward.key_of(noise.INSTANCE),
            forward.step,
        )
    return adversarial_terms(
        forward.networks.discriminator,
        (x, z),
        forward.key_of(noise.DROPOUT),
        forward.training,
        objective.relativistic,
        penalty_interval(objective, forward),
        forward.label,
    )


def penalty_interval(objective, forward):
    """Returns one of how many pairs is penalised; 0 is none."""
    is_on = forward.training and objective.gradient_penalty
    return objective.gradient_penalty_interval if is_on else 0


def in_a_row(*pairs):
    """Concatenates pairs along the batch, part by part."""
    return tuple(tf.concat(parts, axis=0) for parts in zip(*pairs, strict=True))


def adversarial_terms(
    discriminator,
    pairs,
    key,
    training,
    relativistic,
    penalty_interval=0,
    label=None,
):
    """Computes both players' losses and the gradient penalty.

    Args:
        discriminator: `keras.Model`, the parts of a pair, and its label if it
            takes one, to a logit `(batch, 1)`, or to logits of classes, of
            which the score is taken, see `class_losses`.
        pairs: Tuple of two tensors, the parts of the pairs. Along axis 0,
            the true pairs (the encoder's) come first, then as many made ones
            (the decoder's).
        key: int32 tensor of shape `(2,)`, for dropout, see `noise.fold`.
        training: Boolean.
        relativistic: Boolean. Whether true pairs are compared with made ones.
        penalty_interval: Integer. One of so many pairs is penalised; 0 is
            none.
        label: Tensor, which a true pair and its made one share; or `None`.

    Returns:
        Dictionary of scalars: `discriminator_loss`, `generator_loss`,
        `discriminator_accuracy` and, with a penalty, `gradient_penalty`.
    """
    labels = () if label is None else in_a_row((label,), (label,))

    def discriminate(pairs, labels):
        inputs = [*pairs, *labels]
        with noise.scope(key, groups=2):
            logits = discriminator(inputs, training=training)
        return class_losses.score(logits)

    logits = tf.split(discriminate(pairs, labels), 2)
    terms = _losses(logits, relativistic)
    if penalty_interval:
        terms["gradient_penalty"] = _penalty(
            discriminate,
            *(
                [_penalised(part, penalty_interval) for part in parts]
                for parts in (pairs, labels)
            ),
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


def _penalty(discriminate, pairs, labels):
    # By the pairs alone: a class has no neighbourhood.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(pairs)
        logits = discriminate(pairs, labels)
    return losses.gradient_penalty(*tape.gradient(logits, pairs))
