"""The ALI model: three networks, one simultaneous training step."""

import dataclasses

import keras
import tensorflow as tf

from ali_keras import figures
from ali_keras import loss_scaling
from ali_keras import noise
from ali_keras import updates
from ali_keras.averages import update_averages
from ali_keras.images import images_of
from ali_keras.networks import copy_network
from ali_keras.objective import POSTERIOR
from ali_keras.objective import PRIOR
from ali_keras.objective import Objective
from ali_keras.objective import sample_posterior
from ali_keras.replicas import check_steps_per_execution
from ali_keras.replicas import num_replicas
from ali_keras.replicas import reducible


@keras.saving.register_keras_serializable(package="ali_keras")
class ALI(keras.Model):
    """Adversarially Learned Inference (Dumoulin et al., ICLR 2017).

    An encoder q(z|x) and a decoder p(x|z) are trained against a discriminator
    that sees pairs and tells (x, z ~ q(z|x)) from (x ~ p(x|z), z ~ N(0, I)).
    `fit` takes batches of images in [0, 1], (images, labels) or dictionaries
    with the key "image", as TFDS gives them.

    As in the authors' code, the discriminator is called once a step, on both
    kinds of pairs concatenated: its batch normalization, where it has any,
    mixes them, and both losses share its dropout masks.

    Inference (`encode`, `decode` and all that follow from them, `predict`,
    `evaluate`) uses exponential moving averages of encoder and decoder, in
    full precision whatever the networks' policy. With `ema_decay=0`, the
    paper's choice, they are plain copies of the weights after each step.

    Args:
        encoder: `keras.Model`, image to a dictionary of `z_mean`,
            `z_log_sigma` `(batch, latent_dim)` and `features`.
        decoder: `keras.Model`, z `(batch, latent_dim)` to image in [0, 1].
        discriminator: `keras.Model`, [image, z] to logit `(batch, 1)`.
        seed: Integer. Training noise is a function of it and the step.
        ema_decay: Float in [0, 1). Decay per step of the averages, reached
            after a warm-up of some `10 * ema_decay / (1 - ema_decay)` steps.

    Reference: https://arxiv.org/abs/1606.00704
    """

    def __init__(
        self, encoder, decoder, discriminator, seed=0, ema_decay=0.0, **kwargs
    ):
        super().__init__(**kwargs)
        if not 0 <= ema_decay < 1:
            raise ValueError(
                f"ema_decay must lie in [0, 1). Received: {ema_decay}"
            )
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.seed = seed
        self.ema_decay = ema_decay
        self.latent_dim = decoder.input_shape[-1]
        dtype = self.variable_dtype
        self.encoder_ema = copy_network(encoder, "encoder_ema", dtype)
        self.decoder_ema = copy_network(decoder, "decoder_ema", dtype)
        self.encoder_ema.trainable = self.decoder_ema.trainable = False
        # Not an optimizer's counter: that stands still on a skipped step.
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.trackers = figures.make_trackers()
        self.build(encoder.input_shape)

    def build(self, input_shape):
        self.built = True  # The networks came with their weights.

    def encode(self, images, sample=False, seed=0):
        """Encodes images to the mean of q(z|x), or draws from it.

        Args:
            images: Floats `(batch, height, width, channels)` in [0, 1].
            sample: Boolean. Whether to draw z = mu + sigma * eps (equation 2
                of the paper) instead of the mean.
            seed: Integer. Fixes the draw.

        Returns:
            Tensor z of shape `(batch, latent_dim)`.

        Raises:
            ValueError: if the images are of an integer type.
            tf.errors.InvalidArgumentError: if a pixel is outside [0, 1].
        """
        posterior = self._posterior(images)
        if not sample:
            return posterior["z_mean"]
        return sample_posterior(posterior, noise.fold(seed, POSTERIOR))

    def features(self, images):
        """Returns the flattened layer before z, after its activation."""
        return self._posterior(images)["features"]

    def decode(self, z):
        """Decodes z `(batch, latent_dim)` to images in [0, 1]."""
        return self.decoder_ema(z, training=False)

    def reconstruct(self, images):
        """Returns `decode(encode(images))`."""
        return self.decode(self.encode(images))

    def generate(self, num_images, seed=0):
        """Decodes `num_images` draws from the prior, fixed by `seed`."""
        return self.decode(self.sample_prior(num_images, seed))

    def sample_prior(self, num_samples, seed=0):
        """Draws z `(num_samples, latent_dim)` from N(0, I)."""
        return tf.random.stateless_normal(
            (num_samples, self.latent_dim),
            noise.fold(seed, PRIOR),
            dtype=self.variable_dtype,
            alg="philox",
        )

    def interpolate(self, images1, images2, steps=8):
        """Decodes `steps` points on the line between paired images' codes.

        Both ends are included; `(batch, steps, height, width, channels)`.
        """
        if steps < 2:
            raise ValueError(f"steps must be at least 2. Received: {steps}")
        z1, z2 = self.encode(images1), self.encode(images2)
        path = [
            self.decode(z1 + (z2 - z1) * (step / (steps - 1)))
            for step in range(steps)
        ]
        return tf.stack(path, axis=1)

    def call(self, images, training=False):
        return self.decode(self._posterior(images)["z_mean"])

    def _posterior(self, images):
        images = images_of(images, self.variable_dtype)
        return self.encoder_ema(images, training=False)

    def compile(
        self,
        generator_optimizer,
        discriminator_optimizer,
        objective=None,
        **kwargs,
    ):
        """Configures training.

        Call it inside the scope of a distribution strategy, if there is one:
        both optimizers are built here. Where a network computes in float16,
        both are wrapped in `keras.optimizers.LossScaleOptimizer`.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer` or its name, for
                encoder and decoder.
            discriminator_optimizer: `keras.optimizers.Optimizer` or its name.
            objective: `Objective`. Defaults to the paper's.
            **kwargs: `run_eagerly`, `jit_compile`, `steps_per_execution`, as
                `keras.Model.compile`.
        """
        check_steps_per_execution(kwargs.get("steps_per_execution", 1))
        super().compile(optimizer=None, **kwargs)
        # As asked, to be saved: Keras resolves "auto" for this machine.
        self.asked_jit_compile = kwargs.get("jit_compile", "auto")
        self.generator_optimizer = loss_scaling.scaled(
            keras.optimizers.get(generator_optimizer), self.networks
        )
        self.discriminator_optimizer = loss_scaling.scaled(
            keras.optimizers.get(discriminator_optimizer), self.networks
        )
        self.objective = objective or Objective()
        self.generator_optimizer.build(self.generator_variables)
        self.discriminator_optimizer.build(self.discriminator_variables)

    @property
    def networks(self):
        """Tuple of encoder, decoder and discriminator."""
        return self.encoder, self.decoder, self.discriminator

    @property
    def generator_variables(self):
        """Trainable variables of encoder and decoder, in a fixed order."""
        return (
            self.encoder.trainable_variables + self.decoder.trainable_variables
        )

    @property
    def discriminator_variables(self):
        """Trainable variables of the discriminator."""
        return self.discriminator.trainable_variables

    @property
    def players(self):
        """Tuple of two `updates.Player`s: discriminator and generator."""
        return (
            updates.Player(
                self.discriminator_optimizer, self.discriminator_variables
            ),
            updates.Player(self.generator_optimizer, self.generator_variables),
        )

    def train_step(self, data):
        """One step of Algorithm 1: one forward pass, two updates."""
        images = images_of(data, self.variable_dtype)
        key = noise.fold(self.seed, self.step)
        players = self.players
        with tf.GradientTape(persistent=True) as tape:
            with loss_scaling.finite_statistics(self.networks, players):
                terms = self.objective.terms(
                    self.networks, images, key, self.step, training=True
                )
            losses = updates.scale(players, self.objective.totals(terms))
        _, skipped = updates.update_simultaneously(players, losses, tape)
        for averages, network in (
            (self.encoder_ema, self.encoder),
            (self.decoder_ema, self.decoder),
        ):
            update_averages(
                averages, network, self.ema_decay, self.step, skipped
            )
        self.step.assign_add(1)
        means = figures.track(
            self.trackers,
            terms,
            batch_size=tf.shape(images)[0],
            leave_out_overflows=loss_scaling.is_used_by(players),
        )
        return reducible({**means, **loss_scaling.scales(*players)})

    def test_step(self, data):
        """Losses and reconstruction error of the averaged networks."""
        images = images_of(data, self.variable_dtype)
        # Counts the images of this evaluation: each batch gets its own noise.
        seen = self.trackers["discriminator_loss"].count * num_replicas()
        key = noise.fold(self.seed, self.step, tf.cast(seen, tf.int32))
        networks = (self.encoder_ema, self.decoder_ema, self.discriminator)
        terms = self.objective.terms(
            networks, images, key, self.step, training=False
        )
        terms["reconstruction_error"] = tf.reduce_mean(
            tf.square(images - self(images))
        )
        batch_size = tf.shape(images)[0]
        return reducible(figures.track(self.trackers, terms, batch_size))

    def get_config(self):
        return {
            **super().get_config(),
            **self._serialized("encoder", "decoder", "discriminator"),
            "seed": self.seed,
            "ema_decay": self.ema_decay,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        networks = {
            name: keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
            for name in ("encoder", "decoder", "discriminator")
        }
        return cls(**{**config, **networks})

    def get_compile_config(self):
        if not self.compiled:
            return {}
        return {
            **self._serialized(
                "generator_optimizer", "discriminator_optimizer"
            ),
            "objective": dataclasses.asdict(self.objective),
            "jit_compile": self.asked_jit_compile,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        config = keras.saving.deserialize_keras_object(config)
        objective = Objective(**config.pop("objective"))
        self.compile(**config, objective=objective)

    def _serialized(self, *names):
        return {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in names
        }
