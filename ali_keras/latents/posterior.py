"""The encoder's distribution q(z|x): a Gaussian, a point, or neither."""

from ali_keras import noise
from ali_keras.lazy import tensorflow as tf


def encode(encoder, images, key, training, label=None):
    """Encodes images to one draw each.

    Three kinds of encoders, told apart by what they are:

    - Gaussian (ALI): outputs `z_mean` and `z_log_sigma`.
    - Deterministic (BiGAN): outputs `z_mean` alone, which is z.
    - Change of variables (ALI's toy): deterministic, with a layer
      `layers.AppendNoise` that draws here.

    Args:
        encoder: `keras.Model`, see `builder.build_networks`.
        images: Float tensor `(batch, height, width, channels)`.
        key: int32 tensor of shape `(2,)`, see `noise.fold`.
        training: Boolean.
        label: Tensor, the last input of a conditional encoder; or `None`.

    Returns:
        Tensor z `(batch, latent_dim)`.
    """
    inputs = images if label is None else [images, label]
    with noise.scope(key):
        posterior = encoder(inputs, training=training)
    # An encoder of a user's own may end in half precision.
    moments = {
        name: tf.cast(posterior[name], images.dtype)
        for name in ("z_mean", "z_log_sigma")
        if name in posterior
    }
    return sample(moments, key)


def encode_all(encoder, images, key, label=None):
    """Encodes images in inference: all of the encoder's outputs, and a draw.

    Args:
        encoder: `keras.Model`, see `encode`.
        images: Float tensor `(batch, height, width, channels)`.
        key: int32 tensor of shape `(2,)`, see `noise.fold`.
        label: As for `encode`.

    Returns:
        Dictionary of the encoder's outputs (with the noise of a change of
        variables at 0), and of `z`, what `encode` returns.
    """
    inputs = images if label is None else [images, label]
    outputs = encoder(inputs, training=False)
    if any(getattr(layer, "draws_noise", False) for layer in encoder.layers):
        z = encode(encoder, images, key, training=False, label=label)
        return {**outputs, "z": z}
    return {**outputs, "z": sample(outputs, key)}


def sample(posterior, key):
    """Draws z = mu + sigma * eps, equation 2 of Dumoulin et al. (2017).

    Args:
        posterior: Dictionary of `z_mean` and `z_log_sigma`, each of shape
            `(batch, latent_dim)`. Log-sigma is not log-variance. Without
            `z_log_sigma`, sigma is 0.
        key: int32 tensor of shape `(2,)`, see `noise.fold`.

    Returns:
        Tensor `(batch, latent_dim)`.
    """
    z_mean = posterior["z_mean"]
    if "z_log_sigma" not in posterior:
        return z_mean
    epsilon = noise.normal(key, tf.shape(z_mean), z_mean.dtype)
    return z_mean + tf.exp(posterior["z_log_sigma"]) * epsilon
