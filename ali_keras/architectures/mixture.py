"""Networks for the mixtures of Gaussians in the plane.

A point is a 1x1 image of two channels, so that each row is fully connected.
"""

import dataclasses

from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import LATENT_DIM
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row

# Dumoulin et al. (2017), appendix, as in the authors' code
# (experiments/ali_mixture.py): the change-of-variables encoder takes the
# point and two channels of noise; each maxout takes the largest of five.
MIXTURE = Architecture(
    encoder=(
        Row("conv", 1, 1, 400, True, nonlinearity="relu"),
        Row("conv", 1, 1, 400, True, nonlinearity="relu"),
        Row("conv", 1, 1, LATENT_DIM, nonlinearity="linear"),
    ),
    decoder=(
        Row("conv", 1, 1, 400, True, nonlinearity="relu"),
        Row("conv", 1, 1, 400, True, nonlinearity="relu"),
        Row("conv", 1, 1, 400, True, nonlinearity="relu"),
        Row("conv", 1, 1, 400, True, nonlinearity="relu"),
        Row("conv", 1, 1, CHANNELS, nonlinearity="linear"),
    ),
    discriminator_x=(),
    discriminator_z=(),
    discriminator_xz=(
        Row("conv", 1, 1, 1000, nonlinearity="maxout"),
        Row("conv", 1, 1, 1000, nonlinearity="maxout"),
        Row("conv", 1, 1, 1000, nonlinearity="maxout"),
        Row("conv", 1, 1, 1, nonlinearity="linear"),
    ),
    image_size=1,
    negative_slope=0.01,
    weight_stddev=0.02,
    batch_norm_momentum=0.95,
    batch_norm_epsilon=1e-4,
    maxout_pieces=5,
    encoder_noise=2,
)

# Ours: a third of the width, He's initial weights, and no batch
# normalization, because its noise moves points by more than a mode's width.
MIXTURE_FAST = dataclasses.replace(
    MIXTURE,
    encoder=(
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, LATENT_DIM, nonlinearity="linear"),
    ),
    decoder=(
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, CHANNELS, nonlinearity="linear"),
    ),
    discriminator_xz=(
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, 128, nonlinearity="relu"),
        Row("conv", 1, 1, 1, nonlinearity="linear"),
    ),
    weight_stddev=None,
)

# Li et al. (2017), as in the authors' code (toy_data/ALICE_l2.py): two hidden
# layers of 256 each, two channels of noise for the encoder. Their decoder
# takes two channels of noise as well; ours is a function of z alone.
MIXTURE_5 = Architecture(
    encoder=(
        Row("conv", 1, 1, 256, nonlinearity="relu"),
        Row("conv", 1, 1, 256, nonlinearity="relu"),
        Row("conv", 1, 1, LATENT_DIM, nonlinearity="linear"),
    ),
    decoder=(
        Row("conv", 1, 1, 256, nonlinearity="relu"),
        Row("conv", 1, 1, 256, nonlinearity="relu"),
        Row("conv", 1, 1, CHANNELS, nonlinearity="linear"),
    ),
    discriminator_x=(),
    discriminator_z=(),
    discriminator_xz=(
        Row("conv", 1, 1, 256, nonlinearity="relu"),
        Row("conv", 1, 1, 256, nonlinearity="relu"),
        Row("conv", 1, 1, 1, nonlinearity="linear"),
    ),
    image_size=1,
    negative_slope=0.2,  # No row has a leaky ReLU.
    weight_stddev=None,
    batch_norm_momentum=0.95,  # No row has batch normalization.
    batch_norm_epsilon=1e-4,
    encoder_noise=2,
)
