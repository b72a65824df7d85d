"""What a trained model is for: codes, reconstructions, samples."""

import tensorflow as tf

from ali_keras import noise
from ali_keras.data.preprocessing import images_of
from ali_keras.latents import posterior
from ali_keras.latents import prior as priors
from ali_keras.model.network_checks import check_batch
from ali_keras.objectives import class_losses


class Inference:
    """The half of `ALI` that uses its averaged encoder and decoder."""

    @property
    def discriminator_classes(self):
        """Classes that the discriminator tells; 0 if it has one logit."""
        return class_losses.num_classes(self.discriminator)

    def classify(self, images, sample=False, seed=0):
        """Tells the classes of images, by the averaged discriminator.

        Args:
            images: As for `encode`.
            sample: Boolean. Whether the discriminator sees each image with a
                draw from q(z|x), as in training, instead of the mean.
            seed: Integer. Fixes the draw.

        Returns:
            Tensor of the classes' probabilities, `(batch, num_classes)`.

        Raises:
            ValueError: if the discriminator has a single logit; else as
                `encode`.
        """
        if not self.discriminator_classes:
            raise ValueError(
                "classify must be called on a model whose discriminator has "
                "a logit for each class, see docs/semi_supervised.md. "
                "Received: a discriminator with a single logit"
            )
        images = self._checked(images)
        z = self.encode(images, sample, seed)
        return tf.nn.softmax(
            self.discriminator_ema([images, z], training=False)
        )

    def encode(self, images, sample=False, seed=0):
        """Encodes images to the mean of q(z|x), or draws from it.

        Args:
            images: Floats `(batch, height, width, channels)` in [0, 1].
            sample: Boolean. Whether to draw from q(z|x), see
                `posterior.encode`, instead of the mean.
            seed: Integer. Fixes the draw.

        Returns:
            Tensor z of shape `(batch, latent_dim)`.

        Raises:
            ValueError: if the images are of an integer type, or have not
                the encoder's shape.
            tf.errors.InvalidArgumentError: if a pixel is outside [0, 1].
        """
        if not sample:
            return self._posterior(images)["z_mean"]
        key = noise.fold(seed, noise.POSTERIOR)
        images = self._checked(images)
        return posterior.encode(self.encoder_ema, images, key, training=False)

    def features(self, images):
        """Returns the flattened layer before z, after its activation.

        Raises:
            ValueError: if the encoder has no output `features`.
        """
        if "features" not in self.encoder.output:
            raise ValueError(
                "An encoder must have an output 'features' for this. Received: "
                f"outputs {sorted(self.encoder.output)}"
            )
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

    def sample_prior(self, num_samples, seed=0, first=0):
        """Draws z `(num_samples, latent_dim)` from the prior.

        Args:
            num_samples: Integer.
            seed: Integer. Fixes the draws.
            first: Integer. The number of the first draw: the draws from 10 on
                are the last 5 of 15.
        """
        shape = (num_samples, self.latent_dim)
        key = noise.fold(seed, noise.PRIOR)
        dtype = self.variable_dtype
        if first:
            return priors.sample_rows(self.prior, key, first, shape, dtype)
        return priors.sample(self.prior, key, shape, dtype)

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
        return self.encoder_ema(self._checked(images), training=False)

    def _checked(self, images):
        images = images_of(images, self.variable_dtype, self.bounded)
        return check_batch(images, self.input_shape)
