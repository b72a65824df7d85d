"""What a trained model is for: codes, reconstructions, samples."""

import tensorflow as tf

from ali_keras import noise
from ali_keras.data.preprocessing import images_of
from ali_keras.latents import posterior
from ali_keras.latents import prior as priors
from ali_keras.model.labelled import size_of
from ali_keras.model.network_checks import check_batch
from ali_keras.networks.condition import joined
from ali_keras.objectives import class_losses


class Inference:
    """The half of `ALI` that uses its averaged encoder and decoder.

    A conditional model wants `labels` wherever they are an argument: integers
    `(batch,)`, or attributes `(batch, size)`; one for all will do. Others take
    none.
    """

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
        self._check_classes()
        images, _ = self._checked(images)
        return self._classify(images, self._encode(images, None, sample, seed))

    def classify_twice(self, images, seed=0):
        """Does what `classify` does with both kinds of z, encoding once.

        Args:
            images: As for `encode`.
            seed: Integer. Fixes the draw.

        Returns:
            Tuple of tensors as of `classify`: by the mean, and by a draw.

        Raises:
            ValueError: as `classify`.
        """
        self._check_classes()
        images, _ = self._checked(images)
        key = noise.fold(seed, noise.POSTERIOR)
        codes = posterior.encode_all(self.encoder_ema, images, key)
        return tuple(
            self._classify(images, codes[name]) for name in ("z_mean", "z")
        )

    def _check_classes(self):
        if not self.discriminator_classes:
            raise ValueError(
                "classify must be called on a model whose discriminator has "
                "a logit for each class, see docs/semi_supervised.md. "
                "Received: a discriminator with a single logit"
            )

    def _classify(self, images, z):
        return tf.nn.softmax(
            self.discriminator_ema([images, z], training=False)
        )

    def encode(self, images, labels=None, sample=False, seed=0):
        """Encodes images to the mean of q(z|x), or draws from it.

        Args:
            images: Floats `(batch, height, width, channels)` in [0, 1].
            labels: Of a conditional model, see the class.
            sample: Boolean. Whether to draw from q(z|x), see
                `posterior.encode`, instead of the mean.
            seed: Integer. Fixes the draw.

        Returns:
            Tensor z of shape `(batch, latent_dim)`.

        Raises:
            ValueError: if the images are of an integer type, or have not
                the encoder's shape, or labels are bad or missing.
            tf.errors.InvalidArgumentError: if a pixel is outside [0, 1].
        """
        if isinstance(labels, bool):  # `sample`, before there were labels.
            labels, sample, seed = None, labels, sample or seed
        images, label = self._checked(images, labels)
        return self._encode(images, label, sample, seed)

    def _encode(self, images, label, sample, seed):
        if not sample:
            inputs = joined(images, label)
            return self.encoder_ema(inputs, training=False)["z_mean"]
        key = noise.fold(seed, noise.POSTERIOR)
        return posterior.encode(
            self.encoder_ema, images, key, training=False, label=label
        )

    def features(self, images, labels=None):
        """Returns the flattened layer before z, after its activation.

        Raises:
            ValueError: if the encoder has no output `features`.
        """
        if "features" not in self.encoder.output:
            raise ValueError(
                "An encoder must have an output 'features' for this. Received: "
                f"outputs {sorted(self.encoder.output)}"
            )
        return self._posterior(images, labels)["features"]

    def decode(self, z, labels=None):
        """Decodes z `(batch, latent_dim)` to images in [0, 1]."""
        labels = self.checked_labels(labels, size_of(z))
        if self.condition:  # Keras takes no mixture of arrays and tensors.
            z = tf.convert_to_tensor(z, self.variable_dtype)
        label = self.label_input(labels)
        return self.decoder_ema(joined(z, label), training=False)

    def reconstruct(self, images, labels=None, relabel=None):
        """Returns `decode(encode(images))`.

        Args:
            images: Floats `(batch, height, width, channels)` in [0, 1].
            labels: The images', of a conditional model.
            relabel: Labels to decode with instead: the same z as another
                class.
        """
        z = self.encode(images, labels)
        return self.decode(z, labels if relabel is None else relabel)

    def generate(self, num_images, seed=0, labels=None):
        """Decodes `num_images` draws from the prior, fixed by `seed`.

        Args:
            num_images: Integer.
            seed: Integer.
            labels: Of a conditional model. Without them, classes come in
                turn: 0, 1, 2 and so on.
        """
        if labels is None and self.num_classes:
            labels = self.condition.examples(num_images)
        return self.decode(self.sample_prior(num_images, seed), labels)

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

    def interpolate(
        self, images1, images2, steps=8, labels1=None, labels2=None
    ):
        """Decodes `steps` points on the line between paired images' codes.

        Of a conditional model the labels go along, see `Condition.between`.
        Both ends are included; `(batch, steps, height, width, channels)`.
        """
        if steps < 2:
            raise ValueError(f"steps must be at least 2. Received: {steps}")
        z1, z2 = self.encode(images1, labels1), self.encode(images2, labels2)
        labels1 = self.checked_labels(labels1, size_of(z1))
        labels2 = self.checked_labels(labels2, size_of(z2))
        path = []
        for step in range(steps):
            share = step / (steps - 1)
            between = None
            if self.condition:
                between = self.condition.between(labels1, labels2, share)
            path.append(self.decode(z1 + (z2 - z1) * share, between))
        return tf.stack(path, axis=1)

    def call(self, images, training=False):
        labels = None
        if self.condition:  # Images and labels in a tuple or a dictionary.
            labels = self.labels_of_batch(images)
        return self.reconstruct(images, labels)

    def _posterior(self, images, labels=None):
        images, label = self._checked(images, labels)
        return self.encoder_ema(joined(images, label), training=False)

    def _checked(self, images, labels=None):
        images = images_of(images, self.variable_dtype, self.bounded)
        images = check_batch(images, self.input_shape)
        labels = self.checked_labels(labels, size_of(images))
        return images, self.label_input(labels)
