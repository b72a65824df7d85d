"""What a training step minimises: forward pass, loss terms, stabilisers."""

import dataclasses

import tensorflow as tf

from ali_keras import losses
from ali_keras import noise

# Streams of noise within one step.
PRIOR, POSTERIOR, INSTANCE, DROPOUT, SHIFT = range(5)


@dataclasses.dataclass(frozen=True)
class Objective:
    """The ALI objective. The defaults are the paper's.

    Attributes:
        relativistic: Boolean. Whether each encoder pair is compared with a
            decoder pair, see `losses.relativistic_discriminator_loss`.
        gradient_penalty: Float. Weight gamma of the zero-centred gradient
            penalty on both kinds of pairs, by x and z, see
            `losses.gradient_penalty`. 0 is off.
        gradient_penalty_interval: Integer. One of so many pairs of a batch
            is penalised: an estimate of the penalty at a part of its cost.
            N replicas penalise the pairs that one would if it divides their
            share of the batch.
        instance_noise: Float. Standard deviation of Gaussian noise on the
            discriminator's images (Arjovsky & Bottou, 2017). 0 is off.
        instance_noise_steps: Integer. Steps over which that noise falls
            linearly to 0; 0 keeps it constant.
        encoder_shift: Integer. In training, the encoder sees each image
            shifted at random by up to so many pixels, while the discriminator
            sees it in its place: z cannot tell the shift, and has to do
            without it. A stochastic encoder in its input as well. 0 is off.

    Raises:
        ValueError: if an attribute is negative, or the interval is below 1.
    """

    relativistic: bool = False
    gradient_penalty: float = 0.0
    gradient_penalty_interval: int = 1
    instance_noise: float = 0.0
    instance_noise_steps: int = 0
    encoder_shift: int = 0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            lowest = 1 if field.name == "gradient_penalty_interval" else 0
            value = getattr(self, field.name)
            if value < lowest:
                raise ValueError(
                    f"{field.name} must be at least {lowest}. Received: {value}"
                )

    def terms(self, networks, images, key, step, training):
        """Runs the networks forward and computes the terms of both losses.

        The discriminator is called once, on both kinds of pairs concatenated.

        Args:
            networks: Tuple of encoder, decoder and discriminator.
            images: Float tensor `(batch, height, width, channels)`.
            key: int32 tensor of shape `(2,)`, see `noise.fold`.
            step: Scalar integer tensor.
            training: Boolean. Whether the stabilisers act.

        Returns:
            Dictionary of scalars: `discriminator_loss`, `generator_loss`,
            `discriminator_accuracy`; `gradient_penalty` if it is on.
        """
        encoder, decoder, discriminator = networks
        seen = images
        if training and self.encoder_shift:
            seen = shift(images, self.encoder_shift, noise.fold(key, SHIFT))
        posterior = encoder(seen, training=training)
        z_hat = sample_posterior(posterior, noise.fold(key, POSTERIOR))
        z = noise.normal(noise.fold(key, PRIOR), tf.shape(z_hat), z_hat.dtype)
        x_tilde = decoder(z, training=training)
        x = tf.concat([images, x_tilde], axis=0)
        z = tf.concat([z_hat, z], axis=0)
        if training and self.instance_noise:
            x += self._instance_noise(images, key, step)

        def discriminate(x, z):
            with noise.scope(noise.fold(key, DROPOUT), groups=2):
                return discriminator([x, z], training=training)[:, 0]

        terms = self._adversarial_terms(*tf.split(discriminate(x, z), 2))
        if training and self.gradient_penalty:
            terms["gradient_penalty"] = self._penalty(discriminate, x, z)
        return terms

    def totals(self, terms):
        """Sums the terms to the discriminator's and the generators' loss."""
        penalty = self.gradient_penalty * terms.get("gradient_penalty", 0.0)
        return terms["discriminator_loss"] + penalty, terms["generator_loss"]

    def _adversarial_terms(self, encoder_logits, decoder_logits):
        logits = (encoder_logits, decoder_logits)
        if self.relativistic:
            discriminator_loss = losses.relativistic_discriminator_loss(*logits)
            generator_loss = losses.relativistic_generator_loss(*logits)
        else:
            discriminator_loss = losses.discriminator_loss(*logits)
            generator_loss = losses.generator_loss(*logits)
        return {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            "discriminator_accuracy": losses.discriminator_accuracy(
                *logits, self.relativistic
            ),
        }

    def _penalty(self, discriminate, x, z):
        x, z = self._penalised_pairs(x), self._penalised_pairs(z)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([x, z])
            logits = discriminate(x, z)
        return losses.gradient_penalty(*tape.gradient(logits, [x, z]))

    def _penalised_pairs(self, pairs):
        # The discriminator alone is penalised: nothing flows back from here.
        # A share of the pairs at each step, not all of them at some steps:
        # under replicas, no collective operation may hide in a conditional.
        kinds = tf.split(tf.stop_gradient(pairs), 2)
        interval = self.gradient_penalty_interval
        return tf.concat([kind[::interval] for kind in kinds], axis=0)

    def _instance_noise(self, images, key, step):
        stddev = tf.cast(self.instance_noise, images.dtype)
        if self.instance_noise_steps:
            progress = step / self.instance_noise_steps
            stddev *= tf.cast(tf.nn.relu(1 - progress), stddev.dtype)
        # Drawn apart for both kinds of pairs, so that replicas slice alike.
        draws = [
            noise.normal(
                noise.fold(key, INSTANCE, kind), tf.shape(images), stddev.dtype
            )
            for kind in range(2)
        ]
        return stddev * tf.concat(draws, axis=0)


def sample_posterior(posterior, key):
    """Draws z = mu + sigma * eps, equation 2 of Dumoulin et al. (2017).

    Args:
        posterior: Dictionary of `z_mean` and `z_log_sigma`, each of shape
            `(batch, latent_dim)`. Log-sigma is not log-variance.
        key: int32 tensor of shape `(2,)`, see `noise.fold`.

    Returns:
        Tensor `(batch, latent_dim)`.
    """
    z_mean, z_log_sigma = posterior["z_mean"], posterior["z_log_sigma"]
    epsilon = noise.normal(key, tf.shape(z_mean), z_mean.dtype)
    return z_mean + tf.exp(z_log_sigma) * epsilon


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
