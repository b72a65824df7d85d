"""Our own table: small networks for 28x28 images."""

from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import MEAN_AND_LOG_SIGMA
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row

# Ours, for 28x28 images of one object on two CPU cores: few and narrow
# layers, He initialisation, no batch normalization in the discriminator (with
# a gradient penalty, the logit of a pair must not depend on other pairs).
COMPACT = Architecture(
    encoder=(
        Row("conv", 4, 2, 16, True, padding="same"),
        Row("conv", 4, 2, 32, True, padding="same"),
        Row("conv", 4, 1, 64, True, padding="same"),
        Row("conv", 7, 1, 128, True),
        Row("conv", 1, 1, 128, True),
        Row("conv", 1, 1, MEAN_AND_LOG_SIGMA, nonlinearity="linear"),
    ),
    decoder=(
        Row("conv", 1, 1, 128, True),
        Row("transposed", 7, 1, 64, True),
        Row("transposed", 4, 1, 32, True, padding="same"),
        Row("transposed", 4, 2, 16, True, padding="same"),
        Row(
            "transposed",
            4,
            2,
            CHANNELS,
            nonlinearity="sigmoid",
            padding="same",
        ),
    ),
    discriminator_x=(
        Row("conv", 4, 2, 16, padding="same"),
        Row("conv", 4, 2, 32, padding="same"),
        Row("conv", 4, 1, 64, padding="same"),
        Row("conv", 7, 1, 128),
    ),
    discriminator_z=(
        Row("conv", 1, 1, 128),
        Row("conv", 1, 1, 128),
    ),
    discriminator_xz=(
        Row("conv", 1, 1, 256),
        Row("conv", 1, 1, 256),
        Row("conv", 1, 1, 1, nonlinearity="linear"),
    ),
    image_size=28,
    negative_slope=0.2,
    weight_stddev=None,
    batch_norm_momentum=0.95,
    batch_norm_epsilon=1e-4,
)
