"""Noise and shifts that images get in training."""

from ali_keras import noise
from ali_keras import settings
from ali_keras.lazy import tensorflow as tf
from ali_keras.settings import setting


@settings.group
class Settings:
    """Noise and shifts.

    Instance noise is Gaussian noise on the images that the discriminator sees
    (Arjovsky & Bottou, 2017). With an encoder shift, the encoder sees each
    image shifted at random by up to so many pixels, while the discriminator
    sees it in its place: z cannot hold the shift, and the encoder has to do
    without it.
    """

    instance_noise: float = setting(
        0.0,
        "Standard deviation of the noise on the discriminator's images; 0: "
        "off.",
        at_least=0,
    )
    instance_noise_steps: int = setting(
        0,
        "Steps over which that noise falls linearly to 0; 0: constant.",
        at_least=0,
    )
    encoder_shift: int = setting(
        0,
        "Pixels of random shift of the encoder's images; 0: off.",
        at_least=0,
    )


def shift(images, max_pixels, key):
    """Shifts each image by its own whole number of pixels, at random.

    Args:
        images: Tensor `(batch, height, width, channels)`; mirrored at its
            borders.
        max_pixels: Integer. Largest shift, either way, down and across.
        key: int32 tensor of shape `(2,)`, see `noise.fold`.

    Returns:
        Tensor like `images`.
    """
    _, height, width, _ = images.shape
    batch = tf.shape(images)[0]
    margin = (max_pixels, max_pixels)
    padded = tf.pad(images, ((0, 0), margin, margin, (0, 0)), "SYMMETRIC")
    offsets = noise.uniform(key, (batch, 2)) * (2 * max_pixels + 1)
    offsets = tf.cast(offsets, tf.int32)
    rows = offsets[:, :1] + tf.range(height)
    columns = offsets[:, 1:] + tf.range(width)
    shifted = tf.gather(padded, rows, axis=1, batch_dims=1)
    return tf.gather(shifted, columns, axis=2, batch_dims=1)


def add_instance_noise(x, stddev, num_steps, key, step, groups=2):
    """Adds Gaussian noise that fades (Arjovsky & Bottou, 2017).

    Args:
        x: Tensor `(groups * batch, height, width, channels)`, such as the
            images of both kinds of pairs in a row.
        stddev: Float.
        num_steps: Integer. Steps over which it falls linearly to 0; 0 keeps
            it constant.
        key: int32 tensor of shape `(2,)`, see `noise.fold`.
        step: Scalar integer tensor.
        groups: Integer. Kinds of pairs.

    Returns:
        Tensor like `x`.
    """
    stddev = tf.cast(stddev, x.dtype)
    if num_steps:
        stddev *= tf.cast(tf.nn.relu(1 - step / num_steps), x.dtype)
    # Drawn apart for each kind of pairs, so that replicas slice alike.
    shape = tf.shape(tf.split(x, groups)[0])
    draws = [
        noise.normal(noise.fold(key, kind), shape, x.dtype)
        for kind in range(groups)
    ]
    return x + stddev * tf.concat(draws, axis=0)
