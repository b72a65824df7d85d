"""One forward pass: what the terms of an objective are computed from."""

from typing import TYPE_CHECKING
from typing import NamedTuple

from ali_keras import noise
from ali_keras.latents import posterior
from ali_keras.latents import prior as priors
from ali_keras.lazy import tensorflow as tf
from ali_keras.networks import condition
from ali_keras.objectives import augmentation

if TYPE_CHECKING:
    import keras


class Networks(NamedTuple):
    """The players' networks; the last compares reconstructions, if any does."""

    encoder: "keras.Model"
    decoder: "keras.Model"
    discriminator: "keras.Model"
    cycle_discriminator: "keras.Model | None" = None


def _once(compute):
    """Makes a method a property that is computed once.

    `functools.cached_property` has a lock that all instances share up to
    Python 3.11. Replicas are traced in threads that wait for each other, so
    that it would never open.
    """

    def get(self):
        if compute.__name__ not in self._computed:
            self._computed[compute.__name__] = compute(self)
        return self._computed[compute.__name__]

    return property(get, doc=compute.__doc__)


class Forward:
    """A batch on its way through encoder and decoder.

    What several terms share is computed once, and only if a term asks.

    Args:
        objective: `Objective`.
        networks: `Networks`.
        images: Float tensor `(batch, height, width, channels)`.
        labels: int32 tensor `(batch,)`, -1 where there is no label; or
            `None`. Of a conditional model what its networks are told.
        key: int32 tensor of shape `(2,)`, see `noise.fold`.
        step: Scalar integer tensor.
        training: Boolean. Whether the stabilisers act.
        prior: String, one of `prior.PRIORS`.
        labelled: Tuple of the images and labels of a labelled batch, or
            `None`.
    """

    def __init__(
        self,
        objective,
        networks,
        images,
        labels,
        key,
        step,
        training,
        prior,
        labelled=None,
    ):
        self.objective = objective
        self.networks = networks
        self.images = images
        self.labels = labels
        self.key = key
        self.step = step
        self.training = training
        self.prior = prior
        self.labelled = labelled
        self._computed = {}

    def key_of(self, stream):
        """Returns the key of a stream of noise, such as `noise.PRIOR`."""
        return noise.fold(self.key, stream)

    @_once
    def label(self):
        """What the networks take beside image and z: `None`, or a tensor.

        Both pairs of a row of the batch have the row's label, as in the
        authors' code: that of the encoder and that of the decoder.
        """
        return condition.as_input(self.networks.encoder, self.labels)

    @_once
    def z(self):
        """Draws from the prior, `(batch, latent_dim)`."""
        inputs = self.networks.decoder.input_shape
        z = inputs[0] if isinstance(inputs, list) else inputs
        shape = (tf.shape(self.images)[0], z[-1])
        key = self.key_of(noise.PRIOR)
        return priors.sample(self.prior, key, shape, self.images.dtype)

    @_once
    def x_tilde(self):
        """Images decoded from `z`."""
        return self._decoded(self.z)

    @_once
    def z_hat(self):
        """Draws from q(z|x), `(batch, latent_dim)`."""
        images = self.images
        if self.training and self.objective.encoder_shift:
            images = augmentation.shift(
                images,
                self.objective.encoder_shift,
                self.key_of(noise.SHIFT),
            )
        return posterior.encode(
            self.networks.encoder,
            images,
            self.key_of(noise.POSTERIOR),
            self.training,
            self.label,
        )

    @_once
    def x_hat(self):
        """Reconstructions, decoded from `z_hat`."""
        return self._decoded(self.z_hat)

    def _decoded(self, z):
        inputs = condition.joined(z, self.label)
        images = self.networks.decoder(inputs, training=self.training)
        # A network of a user's own may end in half precision.
        return tf.cast(images, self.images.dtype)
