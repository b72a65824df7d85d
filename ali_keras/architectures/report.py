"""The networks of a student report on ALI, for 28x28 images."""

from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import MEAN_AND_LOG_SIGMA
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row

# Figure 15 of the report by Joshi, Kaur, Nest & Sharma (IFT6269) is the SVHN
# table of Dumoulin et al. (2017) for 32x32 images. The report trains on 28x28
# images, for which the five convolutions without padding would end below 1x1.
# Here the 5x5 rows have the padding "same". They keep 28 where the paper's
# rows reduce 32 to 28. All rows after them (before them in the decoder) have
# the printed sizes: 28, 13, 10, 4, 1. The slope of 0.01, the initial weights
# N(0, 0.01^2) and the epsilon and momentum of batch normalization are the
# paper's.
REPORT = Architecture(
    encoder=(
        Row("conv", 5, 1, 32, True, 0.0, "leaky_relu", "same"),
        Row("conv", 4, 2, 64, True, 0.0, "leaky_relu"),
        Row("conv", 4, 1, 128, True, 0.0, "leaky_relu"),
        Row("conv", 4, 2, 256, True, 0.0, "leaky_relu"),
        Row("conv", 4, 1, 512, True, 0.0, "leaky_relu"),
        Row("conv", 1, 1, 512, True, 0.0, "leaky_relu"),
        Row("conv", 1, 1, MEAN_AND_LOG_SIGMA, False, 0.0, "linear"),
    ),
    decoder=(
        Row("transposed", 4, 1, 256, True, 0.0, "leaky_relu"),
        Row("transposed", 4, 2, 128, True, 0.0, "leaky_relu"),
        Row("transposed", 4, 1, 64, True, 0.0, "leaky_relu"),
        Row("transposed", 4, 2, 32, True, 0.0, "leaky_relu"),
        Row("transposed", 5, 1, 32, True, 0.0, "leaky_relu", "same"),
        Row("conv", 1, 1, 32, True, 0.0, "leaky_relu"),
        Row("conv", 1, 1, CHANNELS, False, 0.0, "sigmoid"),
    ),
    discriminator_x=(
        Row("conv", 5, 1, 32, False, 0.2, "leaky_relu", "same"),
        Row("conv", 4, 2, 64, True, 0.2, "leaky_relu"),
        Row("conv", 4, 1, 128, True, 0.2, "leaky_relu"),
        Row("conv", 4, 2, 256, True, 0.2, "leaky_relu"),
        Row("conv", 4, 1, 512, True, 0.2, "leaky_relu"),
    ),
    discriminator_z=(
        Row("conv", 1, 1, 512, False, 0.2, "leaky_relu"),
        Row("conv", 1, 1, 512, False, 0.2, "leaky_relu"),
    ),
    discriminator_xz=(
        Row("conv", 1, 1, 1024, False, 0.2, "leaky_relu"),
        Row("conv", 1, 1, 1024, False, 0.2, "leaky_relu"),
        Row("conv", 1, 1, 1, False, 0.2, "linear"),
    ),
    image_size=28,
    negative_slope=0.01,
    weight_stddev=0.01,
    batch_norm_momentum=0.95,
    batch_norm_epsilon=1e-4,
)
