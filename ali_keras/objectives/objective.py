"""What a training step minimises: forward pass, loss terms, stabilisers."""

import dataclasses
from typing import NamedTuple

import keras
import tensorflow as tf

from ali_keras import noise
from ali_keras.latents import posterior
from ali_keras.latents import prior as priors
from ali_keras.objectives import augmentation
from ali_keras.objectives import losses
from ali_keras.objectives.adversarial import adversarial_terms

# Streams of noise within one step.
PRIOR, POSTERIOR, INSTANCE, DROPOUT, SHIFT, REGRESSION, CYCLE = range(7)
CYCLES = ("none", "l1", "l2", "adversarial")


class Networks(NamedTuple):
    """The players' networks; the last judges reconstructions, if any does."""

    encoder: keras.Model
    decoder: keras.Model
    discriminator: keras.Model
    cycle_discriminator: keras.Model | None = None


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
        cycle: String. The form of the cycle-consistency x -> z -> x of Li et
            al. (2017): "none", "l1", "l2" (means over all values), or
            "adversarial", by a network that tells (x, x) from (x, x').
        cycle_weight: Float. Its weight lambda in the generators' loss.
        joint: Boolean. Whether the discriminator sees z. If not, it is given
            zeros, so that decoder and discriminator are a GAN of x alone and
            the encoder learns from the latent regression, or not at all.
        latent_regression: Float. Weight of `|z - E(G(z))|^2`, mean over all
            values, for the encoder: the latent regressor to which Donahue et
            al. (2017) compare BiGAN. They use a sigmoid cross-entropy, which
            has the same minimum, the mean of z given x. 0 is off.
        latent_regression_decoder: Float in [0, 1]. The share of that term's
            gradient that reaches the decoder. 0 is the latent regressor (LR);
            0.25 the joint one (JLR) of the BiGAN authors' code.
        latent_regression_start: Integer. Steps before the regression begins.
            All other losses end then: an encoder trained after the GAN. 0 is
            from the start, beside the others.

    Raises:
        ValueError: if an attribute is out of its range.
    """

    relativistic: bool = False
    gradient_penalty: float = 0.0
    gradient_penalty_interval: int = 1
    instance_noise: float = 0.0
    instance_noise_steps: int = 0
    encoder_shift: int = 0
    cycle: str = "none"
    cycle_weight: float = 1.0
    joint: bool = True
    latent_regression: float = 0.0
    latent_regression_decoder: float = 0.0
    latent_regression_start: int = 0

    def __post_init__(self):
        if self.cycle not in CYCLES:
            raise ValueError(
                f"cycle must be one of {CYCLES}. Received: {self.cycle}"
            )
        for name, value in dataclasses.asdict(self).items():
            lowest = 1 if name == "gradient_penalty_interval" else 0
            if name != "cycle" and value < lowest:
                raise ValueError(
                    f"{name} must be at least {lowest}. Received: {value}"
                )

    def terms(self, networks, images, key, step, training, prior="normal"):
        """Runs the networks forward and computes the terms of all losses.

        The discriminator is called once, on both kinds of pairs concatenated.

        Args:
            networks: `Networks`, or a tuple of the first three.
            images: Float tensor `(batch, height, width, channels)`.
            key: int32 tensor of shape `(2,)`, see `noise.fold`.
            step: Scalar integer tensor.
            training: Boolean. Whether the stabilisers act.
            prior: String, one of `prior.PRIORS`.

        Returns:
            Dictionary of scalars: `discriminator_loss`, `generator_loss`,
            `discriminator_accuracy`; `gradient_penalty`, `cycle_loss`,
            `cycle_discriminator_loss` and `latent_regression_loss` where they
            are on.
        """
        networks = Networks(*networks)
        shape = (tf.shape(images)[0], networks.decoder.input_shape[-1])
        z = priors.sample(prior, noise.fold(key, PRIOR), shape, images.dtype)
        x_tilde = networks.decoder(z, training=training)
        z_hat = tf.zeros_like(z)
        if self.joint or self.cycle != "none":
            z_hat = self._encode(networks.encoder, images, key, training)
        pairs = _in_a_row((images, z_hat), (x_tilde, z))
        if not self.joint:
            pairs = (pairs[0], tf.zeros_like(pairs[1]))
        terms = self._joint_terms(
            networks.discriminator, pairs, key, step, training
        )
        if self.cycle != "none":
            x_hat = networks.decoder(z_hat, training=training)
            cycle = self._cycle_terms(networks, images, x_hat, key, training)
            terms = _add(terms, cycle)
        if self.latent_regression:
            terms["latent_regression_loss"] = self._latent_regression_loss(
                networks.encoder, x_tilde, z, key, training
            )
        return terms

    def totals(self, terms, step):
        """Sums the terms to the discriminators' and the generators' loss.

        Args:
            terms: What `terms` returned.
            step: Scalar integer tensor.

        Returns:
            Tuple of two scalars.
        """
        penalty = self.gradient_penalty * terms.get("gradient_penalty", 0.0)
        discriminator = terms["discriminator_loss"] + penalty
        discriminator += terms.get("cycle_discriminator_loss", 0.0)
        generator = terms["generator_loss"]
        generator += self.cycle_weight * terms.get("cycle_loss", 0.0)
        if not self.latent_regression:
            return discriminator, generator
        regression = self.latent_regression * terms["latent_regression_loss"]
        if not self.latent_regression_start:
            return discriminator, generator + regression
        # Where its gradient is 0, Adam's momentum comes to rest in some steps.
        is_before = tf.cast(step < self.latent_regression_start, "float32")
        is_before = tf.cast(is_before, generator.dtype)
        generator = is_before * generator + (1 - is_before) * regression
        return is_before * discriminator, generator

    def _encode(self, encoder, images, key, training):
        if training and self.encoder_shift:
            max_pixels = self.encoder_shift
            images = augmentation.shift(
                images, max_pixels, noise.fold(key, SHIFT)
            )
        key = noise.fold(key, POSTERIOR)
        return posterior.encode(encoder, images, key, training)

    def _joint_terms(self, discriminator, pairs, key, step, training):
        x, z = pairs
        if training and self.instance_noise:
            x = augmentation.add_instance_noise(
                x,
                self.instance_noise,
                self.instance_noise_steps,
                noise.fold(key, INSTANCE),
                step,
            )
        key = noise.fold(key, DROPOUT)
        return self._adversarial_terms(discriminator, (x, z), key, training)

    def _adversarial_terms(self, discriminator, pairs, key, training):
        is_penalised = training and self.gradient_penalty
        return adversarial_terms(
            discriminator,
            pairs,
            key,
            training,
            self.relativistic,
            self.gradient_penalty_interval if is_penalised else 0,
        )

    def _cycle_terms(self, networks, images, x_hat, key, training):
        if self.cycle != "adversarial":
            loss = losses.cycle_loss(images, x_hat, self.cycle)
            return {"cycle_loss": loss}
        same, cycled = (images, images), (images, x_hat)
        terms = self._adversarial_terms(
            networks.cycle_discriminator,
            _in_a_row(same, cycled),
            noise.fold(key, CYCLE),
            training,
        )
        terms["cycle_loss"] = terms.pop("generator_loss")
        terms["cycle_discriminator_loss"] = terms.pop("discriminator_loss")
        terms.pop("discriminator_accuracy")
        return terms

    def _latent_regression_loss(self, encoder, x_tilde, z, key, training):
        share = self.latent_regression_decoder
        x_tilde = share * x_tilde + (1 - share) * tf.stop_gradient(x_tilde)
        key = noise.fold(key, REGRESSION)
        z_hat = posterior.encode(encoder, x_tilde, key, training)
        return losses.cycle_loss(z, z_hat, "l2")


def _in_a_row(*pairs):
    """Concatenates pairs along the batch, part by part."""
    return tuple(tf.concat(parts, axis=0) for parts in zip(*pairs, strict=True))


def _add(terms, others):
    """Joins two dictionaries; what is in both is summed."""
    both = {k: terms[k] + others[k] for k in terms.keys() & others.keys()}
    return {**terms, **others, **both}
