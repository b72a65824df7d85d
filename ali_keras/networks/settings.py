"""The settings of the three networks."""

from ali_keras import settings
from ali_keras.architectures import ARCHITECTURES
from ali_keras.errors import InputError
from ali_keras.networks.condition import CONDITIONS
from ali_keras.networks.condition import Condition
from ali_keras.settings import REQUIRED
from ali_keras.settings import setting

NORMALIZATIONS = ("none", "spectral", "weight")


@settings.group
class NetworkSettings:
    """Which networks are built, and how large."""

    architecture: str = setting(
        REQUIRED,
        "Name of the tables of the networks' rows.",
        choices=ARCHITECTURES,
    )
    channels: int = setting(
        1,
        "Channels of the images: 1 grey, 3 RGB, 2 points in the plane.",
        choices=(1, 2, 3),
    )
    latent_dim: int = setting(REQUIRED, "Size of z.", at_least=1)
    min_sigma: float = setting(
        0.0, "Floor of the encoder's sigma; 0: none.", at_least=0, below=1
    )
    discriminator_normalization: str = setting(
        "none",
        "Normalization of the discriminator's kernels.",
        choices=NORMALIZATIONS,
    )
    conditional: str = setting(
        "none",
        "What all networks are told of an image: its class label, or a vector "
        "of attributes.",
        choices=CONDITIONS,
    )
    label_dim: int | None = setting(
        None,
        "Classes, or attributes, of a conditional model; none: the data set's.",
        at_least=1,
    )
    label_embedding_dim: int | None = setting(
        None,
        "Size of a network's embedding of its label; none: latent_dim.",
        at_least=1,
    )

    @property
    def condition(self):
        """`Condition` of the networks; `None` if they are unconditional.

        Raises:
            InputError: if `label_dim` is not known yet.
        """
        if self.conditional == "none":
            return None
        if self.label_dim is None:
            raise InputError(
                "label_dim must be given for conditional networks without a "
                "data set: the number of classes or attributes. Received: "
                f"conditional={self.conditional} alone"
            )
        return Condition(self.conditional, self.label_dim)

    discriminator_classes: int = setting(
        0,
        "Classes of the data that the discriminator tells, from the labels of "
        "some images; 0: none.",
        at_least=0,
    )

    @property
    def image_shape(self):
        """Height, width and channels of the networks' images."""
        size = ARCHITECTURES[self.architecture].image_size
        return (size, size, self.channels)
