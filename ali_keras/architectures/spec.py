"""The types of architecture tables, with columns like those of the papers."""

import dataclasses
from typing import NamedTuple

# Numbers of feature maps that depend on the data or on the size of z.
CHANNELS = "channels"
LATENT_DIM = "latent_dim"
MEAN_AND_LOG_SIGMA = "2 x latent_dim"


class Row(NamedTuple):
    """One row of an architecture table, columns as in Dumoulin et al. (2017).

    The order within a row is dropout (on the row's input), convolution, batch
    normalization, nonlinearity.

    Attributes:
        operation: "conv" or "transposed".
        kernel: Integer. Height and width. A convolution with a kernel as
            large as its input is a fully connected layer.
        strides: Integer.
        feature_maps: Integer, or one of the names above. With "maxout", it is
            the number before the maxout, which reduces it by
            `Architecture.maxout_pieces`.
        batch_norm: Boolean.
        dropout: Float. Share of the row's input that is dropped.
        nonlinearity: "leaky_relu", "relu", "maxout", "sigmoid" or "linear".
        padding: "valid" or "same".
        bias: "tied" (one for each map), "untied" (one for each map and
            position) or "none". `None` is "none" in rows with batch
            normalization, else "tied".
        with_z: Boolean. Whether z is concatenated to the row's input, which
            must be a 1x1 map.
        late_dropout: Float. Share dropped between the convolution (and its
            batch normalization) and the nonlinearity.
    """

    operation: str
    kernel: int
    strides: int
    feature_maps: int | str
    batch_norm: bool = False
    dropout: float = 0.0
    nonlinearity: str = "leaky_relu"
    padding: str = "valid"
    bias: str | None = None
    with_z: bool = False
    late_dropout: float = 0.0


@dataclasses.dataclass(frozen=True)
class Architecture:
    """Tables of an ALI model, and the constants that all rows share.

    Attributes:
        encoder: Rows of Gz. The last gives mean and log-sigma of z
            (`MEAN_AND_LOG_SIGMA`), or z itself (`LATENT_DIM`).
        decoder: Rows of Gx, from z as a 1x1 map to the image. If the last row
            has a sigmoid, images are in [0, 1].
        discriminator_x: Rows of D(x), down to a 1x1 map.
        discriminator_z: Rows of D(z).
        discriminator_xz: Rows of D(x, z), on both concatenated, to the logit.
        image_size: Integer. Height and width that the rows fit.
        negative_slope: Float. Slope of the leaky ReLU below 0.
        weight_stddev: Float. Initial weights are N(0, stddev^2); `None` means
            He et al. (2015), scaled by fan-in.
        batch_norm_momentum: Float in (0, 1). The moving statistics'.
        batch_norm_epsilon: Float. Added to the variance.
        batch_norm_affine: Boolean. Whether batch normalization learns a scale
            and a shift.
        maxout_pieces: Integer. Maps of which a maxout keeps the largest.
        encoder_noise: Integer. Channels of noise appended to the encoder's
            image, for a change-of-variables encoder. 0 is none.
    """

    encoder: tuple[Row, ...]
    decoder: tuple[Row, ...]
    discriminator_x: tuple[Row, ...]
    discriminator_z: tuple[Row, ...]
    discriminator_xz: tuple[Row, ...]
    image_size: int
    negative_slope: float
    weight_stddev: float | None
    batch_norm_momentum: float
    batch_norm_epsilon: float
    batch_norm_affine: bool = True
    maxout_pieces: int = 2
    encoder_noise: int = 0

    @property
    def is_bounded(self):
        """Whether images are in [0, 1]; points have no bounds."""
        return self.decoder[-1].nonlinearity == "sigmoid"
