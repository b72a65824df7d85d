"""Semi-supervised ALI: the discriminator also tells the classes of images.

Dumoulin et al. (2017), section 4.4, with the discriminator of Salimans et al.
(2016), see `class_losses`. It has no effect on a discriminator with a single
logit.
"""

from ali_keras import noise
from ali_keras import settings
from ali_keras.distribution.replicas import num_replicas
from ali_keras.distribution.replicas import sum_over_replicas
from ali_keras.latents import posterior
from ali_keras.lazy import tensorflow as tf
from ali_keras.objectives import augmentation
from ali_keras.objectives import class_losses
from ali_keras.objectives.term import DISCRIMINATOR
from ali_keras.objectives.term import NO_ONE
from ali_keras.objectives.term import Term
from ali_keras.settings import setting

TERMS = (
    Term("classification_loss", DISCRIMINATOR, "classification_weight"),
    Term("classification_error", NO_ONE),
)


@settings.group
class Settings:
    """Classes, for a discriminator that has them.

    Only the discriminator minimises the classification loss. The code of
    Salimans et al. halves the loss of telling pairs apart, and takes this one
    as it is: a weight of 2 beside ours.
    """

    classification_weight: float = setting(
        2.0,
        "Weight of the labelled images' cross-entropy, for a discriminator "
        "of classes.",
        at_least=0,
    )
    labelled_shift: int = setting(
        0,
        "Pixels of random shift of labelled images in training; 0: off.",
        at_least=0,
    )


def terms(objective, forward):
    """Computes the terms of the classes, see `TERMS`.

    They are means over the labelled images: of the labelled batch, if there
    is one, else of those images of the batch that have a label. In training,
    z is drawn from q(z|x); in evaluation it is the mean, as in
    `ALI.classify`.

    Args:
        objective: `Objective`.
        forward: `Forward`.

    Returns:
        Dictionary of scalars; empty where the discriminator has a single
        logit, or there are no labels.
    """
    discriminator = forward.networks.discriminator
    classes = class_losses.num_classes(discriminator)
    images, labels = forward.labelled or (forward.images, forward.labels)
    if not classes or labels is None:
        return {}
    _check(labels, classes)
    images, z = _pairs(objective, forward, images)
    with noise.scope(forward.key_of(noise.LABELLED_DROPOUT)):
        logits = discriminator([images, z], training=forward.training)
    is_labelled = labels >= 0
    known = tf.where(is_labelled, labels, 0)
    return {
        "classification_loss": _mean(
            class_losses.classification_losses(logits, known), is_labelled
        ),
        "classification_error": _mean(
            class_losses.classification_errors(logits, known), is_labelled
        ),
    }


def _pairs(objective, forward, images):
    encoder = forward.networks.encoder
    if not forward.training:
        outputs = encoder(images, training=False)
        return images, tf.cast(outputs["z_mean"], images.dtype)
    if objective.labelled_shift:
        images = augmentation.shift(
            images,
            objective.labelled_shift,
            forward.key_of(noise.LABELLED_SHIFT),
        )
    # The few labelled images must not set the encoder's statistics.
    key = forward.key_of(noise.LABELLED)
    z = posterior.encode(encoder, images, key, training=False)
    if objective.instance_noise:
        images = augmentation.add_instance_noise(
            images,
            objective.instance_noise,
            objective.instance_noise_steps,
            forward.key_of(noise.LABELLED_INSTANCE),
            forward.step,
            groups=1,
        )
    return images, tf.stop_gradient(z)


def _mean(values, is_labelled):
    """The mean over all replicas' labelled images; 0 without any.

    Each replica returns its share times the number of replicas: the mean
    over the replicas is then that over the images.
    """
    weights = tf.cast(is_labelled, values.dtype)
    number = sum_over_replicas(tf.reduce_sum(weights))
    total = tf.reduce_sum(values * weights)
    return num_replicas() * tf.math.divide_no_nan(total, number)


def _check(labels, classes):
    if labels.shape.rank != 1:
        raise ValueError(
            "Labels must be one class of an image, of the shape (batch,). "
            f"Received: {tuple(labels.shape)}"
        )
    tf.debugging.assert_less(
        labels,
        classes,
        f"Labels must be below the discriminator's {classes} classes",
    )
