"""The ALI model: three networks, one simultaneous training step."""

import keras
import tensorflow as tf

from ali_keras import losses
from ali_keras import noise
from ali_keras.images import images_of
from ali_keras.networks import copy_network

# Streams of noise within one step.
PRIOR, POSTERIOR, INSTANCE, DROPOUT = range(4)


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

    Example:

    ```python
    model = ali_keras.build_model(ali_keras.Config.from_preset("mnist"))
    model.fit(dataset, epochs=10)
    z = model.encode(images)
    ```

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
        self.encoder_ema = copy_network(encoder, self.variable_dtype)
        self.decoder_ema = copy_network(decoder, self.variable_dtype)
        self.encoder_ema.trainable = False
        self.decoder_ema.trainable = False
        # Not an optimizer's counter: that stands still on a skipped step.
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.trackers = {
            name: keras.metrics.Mean(name=name)
            for name in (
                "discriminator_loss",
                "generator_loss",
                "discriminator_accuracy",
                "gradient_penalty",
                "reconstruction_error",
            )
        }
        self.build(encoder.input_shape)

    def build(self, input_shape):
        """Marks the model as built: its networks came with their weights."""
        self.built = True

    # Inference.

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
        """Returns the layer before z, after its activation, flattened.

        Arguments and errors as `encode`; shape `(batch, num_features)`.
        """
        return self._posterior(images)["features"]

    def decode(self, z):
        """Decodes z `(batch, latent_dim)` to images in [0, 1]."""
        return self.decoder_ema(z, training=False)

    def reconstruct(self, images):
        """Returns `decode(encode(images))`."""
        return self.decode(self.encode(images))

    def generate(self, num_images, seed=0):
        """Decodes draws from the prior N(0, I).

        Args:
            num_images: Integer.
            seed: Integer. Fixes the draws.

        Returns:
            Tensor `(num_images, height, width, channels)` in [0, 1].
        """
        return self.decode(self.sample_prior(num_images, seed))

    def sample_prior(self, num_samples, seed=0):
        """Draws z from the prior N(0, I), `(num_samples, latent_dim)`."""
        return tf.random.stateless_normal(
            (num_samples, self.latent_dim),
            noise.fold(seed, PRIOR),
            dtype=self.variable_dtype,
            alg="philox",
        )

    def interpolate(self, images1, images2, steps=8):
        """Decodes points on the line between the codes of paired images.

        Args:
            images1: Images `(batch, height, width, channels)` in [0, 1].
            images2: Images of the same shape.
            steps: Integer. Number of points, both ends included.

        Returns:
            Tensor `(batch, steps, height, width, channels)` in [0, 1].
        """
        z1, z2 = self.encode(images1), self.encode(images2)
        weights = tf.linspace(0.0, 1.0, steps)
        path = [self.decode((1 - w) * z1 + w * z2) for w in weights]
        return tf.stack(path, axis=1)

    def call(self, images, training=False):
        return self.decode(self._posterior(images)["z_mean"])

    def _posterior(self, images):
        images = images_of(images, self.variable_dtype)
        return self.encoder_ema(images, training=False)

    # Training.

    def compile(
        self,
        generator_optimizer,
        discriminator_optimizer,
        relativistic=False,
        gradient_penalty=0.0,
        instance_noise=0.0,
        instance_noise_steps=0,
        **kwargs,
    ):
        """Configures training. The defaults are the paper's objective.

        Call it inside the scope of a distribution strategy, if there is one:
        both optimizers are built here.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer`, for encoder and
                decoder.
            discriminator_optimizer: `keras.optimizers.Optimizer`.
            relativistic: Boolean. Whether each encoder pair is compared with
                a decoder pair (Jolicoeur-Martineau, 2018).
            gradient_penalty: Float. Weight gamma of the zero-centred gradient
                penalty on both kinds of pairs, by x and z, see
                `losses.gradient_penalty`. 0 is off.
            instance_noise: Float. Standard deviation of Gaussian noise on the
                discriminator's images (Arjovsky & Bottou, 2017). 0 is off.
            instance_noise_steps: Integer. Steps over which the noise falls
                linearly to 0; 0 keeps it constant.
            **kwargs: `run_eagerly`, `jit_compile`, `steps_per_execution`, as
                `keras.Model.compile`.
        """
        super().compile(optimizer=None, **kwargs)
        self.generator_optimizer = keras.optimizers.get(generator_optimizer)
        self.discriminator_optimizer = keras.optimizers.get(
            discriminator_optimizer
        )
        self.relativistic = relativistic
        self.gradient_penalty = gradient_penalty
        self.instance_noise = instance_noise
        self.instance_noise_steps = instance_noise_steps
        self.generator_optimizer.build(self.generator_variables)
        self.discriminator_optimizer.build(
            self.discriminator.trainable_variables
        )

    @property
    def generator_variables(self):
        """Trainable variables of encoder and decoder, in a fixed order."""
        return (
            self.encoder.trainable_variables + self.decoder.trainable_variables
        )

    def train_step(self, data):
        """One step of Algorithm 1: one forward pass, two updates.

        Both gradients are taken at the same parameters, then both are
        applied.
        """
        images = images_of(data, self.variable_dtype)
        key = noise.fold(self.seed, self.step)
        with tf.GradientTape(persistent=True) as tape:
            terms = self._compute_losses(images, key, training=True)
            # Gradients are summed over replicas; the mean is wanted.
            share = 1.0 / tf.distribute.get_strategy().num_replicas_in_sync
            discriminator_loss = self.discriminator_optimizer.scale_loss(
                share * self._total_discriminator_loss(terms)
            )
            generator_loss = self.generator_optimizer.scale_loss(
                share * terms["generator_loss"]
            )
        discriminator_variables = self.discriminator.trainable_variables
        discriminator_gradients = tape.gradient(
            discriminator_loss, discriminator_variables
        )
        generator_gradients = tape.gradient(
            generator_loss, self.generator_variables
        )
        del tape
        self.discriminator_optimizer.apply(
            discriminator_gradients, discriminator_variables
        )
        self.generator_optimizer.apply(
            generator_gradients, self.generator_variables
        )
        self._update_averages()
        self.step.assign_add(1)
        return self._track(terms)

    def test_step(self, data):
        """Losses and reconstruction error of the averaged networks."""
        images = images_of(data, self.variable_dtype)
        # Counts the batches of this evaluation: each gets noise of its own.
        batch = self.trackers["discriminator_loss"].count
        key = noise.fold(self.seed, self.step, tf.cast(batch, tf.int32))
        terms = self._compute_losses(images, key, training=False)
        terms["reconstruction_error"] = tf.reduce_mean(
            tf.square(images - self(images))
        )
        return self._track(terms)

    def _compute_losses(self, images, key, training):
        """Forward pass: the terms of both losses, as scalars by name."""
        encoder, decoder = self.encoder, self.decoder
        if not training:
            encoder, decoder = self.encoder_ema, self.decoder_ema
        posterior = encoder(images, training=training)
        z_hat = sample_posterior(posterior, noise.fold(key, POSTERIOR))
        z = noise.normal(
            noise.fold(key, PRIOR), tf.shape(z_hat), self.variable_dtype
        )
        x_tilde = decoder(z, training=training)
        x = tf.concat([images, x_tilde], axis=0)
        z = tf.concat([z_hat, z], axis=0)
        if training and self.instance_noise:
            x += self._instance_noise(key, tf.shape(images))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([x, z])
            with noise.scope(noise.fold(key, DROPOUT), groups=2):
                logits = self.discriminator([x, z], training=training)[:, 0]
        encoder_logits, decoder_logits = tf.split(logits, 2)
        terms = self._adversarial_losses(encoder_logits, decoder_logits)
        if training and self.gradient_penalty:
            terms["gradient_penalty"] = losses.gradient_penalty(
                *tape.gradient(logits, [x, z])
            )
        return terms

    def _adversarial_losses(self, encoder_logits, decoder_logits):
        discriminator_loss, generator_loss = (
            (
                losses.relativistic_discriminator_loss,
                losses.relativistic_generator_loss,
            )
            if self.relativistic
            else (losses.discriminator_loss, losses.generator_loss)
        )
        logits = (encoder_logits, decoder_logits)
        accuracy = losses.discriminator_accuracy(*logits, self.relativistic)
        return {
            "discriminator_loss": discriminator_loss(*logits),
            "generator_loss": generator_loss(*logits),
            "discriminator_accuracy": accuracy,
        }

    def _total_discriminator_loss(self, terms):
        penalty = terms.get("gradient_penalty", 0.0)
        return terms["discriminator_loss"] + self.gradient_penalty * penalty

    def _instance_noise(self, key, shape):
        stddev = tf.cast(self.instance_noise, self.variable_dtype)
        if self.instance_noise_steps:
            progress = self.step / self.instance_noise_steps
            stddev *= tf.cast(tf.nn.relu(1 - progress), stddev.dtype)
        # Drawn apart for both kinds of pairs, so that replicas slice alike.
        draws = [
            noise.normal(noise.fold(key, INSTANCE, kind), shape, stddev.dtype)
            for kind in range(2)
        ]
        return stddev * tf.concat(draws, axis=0)

    def _update_averages(self):
        step = tf.cast(self.step, self.variable_dtype)
        # The warm-up keeps the random initial weights out of the average.
        limit = tf.constant(self.ema_decay, step.dtype)
        decay = tf.minimum(limit, (1 + step) / (10 + step))
        for network, averages in (
            (self.encoder, self.encoder_ema),
            (self.decoder, self.decoder_ema),
        ):
            pairs = zip(averages.variables, network.variables, strict=True)
            for average, variable in pairs:
                new = tf.cast(variable, average.dtype)
                average.assign(decay * average + (1 - decay) * new)

    def _track(self, terms):
        for name, value in terms.items():
            self.trackers[name].update_state(value)
        return {name: self.trackers[name].result() for name in terms}

    # Saving.

    def get_config(self):
        networks = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in ("encoder", "decoder", "discriminator")
        }
        return {
            **super().get_config(),
            **networks,
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
        optimizers = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in ("generator_optimizer", "discriminator_optimizer")
        }
        return {
            **optimizers,
            "relativistic": self.relativistic,
            "gradient_penalty": self.gradient_penalty,
            "instance_noise": self.instance_noise,
            "instance_noise_steps": self.instance_noise_steps,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))


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
