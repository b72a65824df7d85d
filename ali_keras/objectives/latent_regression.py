"""Latent regression: the encoders to which BiGAN is compared.

`|z - E(G(z))|^2`, the mean over all values, trains the encoder on samples of
the decoder (Donahue et al., 2017). They use a sigmoid cross-entropy, which has
the same minimum: the mean of z given x.
"""

from ali_keras import noise
from ali_keras import settings
from ali_keras.latents import posterior
from ali_keras.lazy import tensorflow as tf
from ali_keras.objectives import losses
from ali_keras.objectives.term import GENERATOR
from ali_keras.objectives.term import Term
from ali_keras.settings import setting

TERMS = (Term("latent_regression_loss", GENERATOR, "latent_regression"),)


@settings.group
class Settings:
    """Latent regression.

    With a decoder's share of 0 it is the latent regressor (LR) of Donahue et
    al.; 0.25 is the joint one (JLR) of their code. A start makes it the
    encoder that is trained after the GAN: before, the regression is off, and
    after, all other losses are.
    """

    latent_regression: float = setting(
        0.0, "Weight of |z - E(G(z))|^2 for the encoder; 0: off.", at_least=0
    )
    latent_regression_decoder: float = setting(
        0.0,
        "Share of its gradient that reaches the decoder.",
        at_least=0,
        at_most=1,
    )
    latent_regression_start: int = setting(
        0,
        "Steps before it, and after which the other losses are off; 0: all the "
        "time.",
        at_least=0,
    )


def terms(objective, forward):
    """Computes the term of the latent regression.

    Args:
        objective: `Objective`.
        forward: `Forward`.

    Returns:
        Dictionary with `latent_regression_loss`; empty where it is off.
    """
    if not objective.latent_regression:
        return {}
    share, x_tilde = objective.latent_regression_decoder, forward.x_tilde
    x_tilde = share * x_tilde + (1 - share) * tf.stop_gradient(x_tilde)
    z_hat = posterior.encode(
        forward.networks.encoder,
        x_tilde,
        forward.key_of(noise.REGRESSION),
        forward.training,
        forward.label,
    )
    return {"latent_regression_loss": losses.cycle_loss(forward.z, z_hat, "l2")}


def take_turns(objective, discriminator, generator, regression, step):
    """Puts the regression after the other losses, or beside them.

    Args:
        objective: `Objective`.
        discriminator: Scalar tensor, the discriminators' loss.
        generator: Scalar tensor, the loss of encoder and decoder without the
            regression.
        regression: Scalar tensor, the weighted regression.
        step: Scalar integer tensor.

    Returns:
        Tuple of both players' losses.
    """
    if not objective.latent_regression_start:
        return discriminator, generator + regression
    # Where its gradient is 0, Adam's momentum comes to rest in some steps.
    is_before = tf.cast(step < objective.latent_regression_start, "float32")
    is_before = tf.cast(is_before, generator.dtype)
    generator = is_before * generator + (1 - is_before) * regression
    return is_before * discriminator, generator
