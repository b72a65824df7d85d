"""The paper's networks for 64x64 images: CelebA and Tiny ImageNet.

Dumoulin et al. (2017), appendix A, as in the authors' code
(github.com/IshmaelBelghazi/ALI, experiments/ali_celeba.py and
ali_tiny_imagenet.py). If the two differ, we follow the code, because it made
the published samples:

- The code's discriminators end in a logit. The tables print "sigmoid".
- CelebA: the code has a dropout of 0.2 on the input of each row of D. The
  table has none in D(x). The table has batch normalization in the first row of
  D(x). The code does not.
- "Tiny ImageNet" is all of ILSVRC 2012 at 64x64, which is TFDS'
  `imagenet_resized/64x64`. It is not the data set of 200 classes that has this
  name today.
"""

from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import MEAN_AND_LOG_SIGMA
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row

CELEBA = Architecture(
    encoder=(
        Row("conv", 2, 1, 64, True),
        Row("conv", 7, 2, 128, True),
        Row("conv", 5, 2, 256, True),
        Row("conv", 7, 2, 256, True),
        Row("conv", 4, 1, 512, True),
        Row("conv", 1, 1, MEAN_AND_LOG_SIGMA, nonlinearity="linear"),
    ),
    decoder=(
        Row("transposed", 4, 1, 512, True),
        Row("transposed", 7, 2, 256, True),
        Row("transposed", 5, 2, 256, True),
        Row("transposed", 7, 2, 128, True),
        Row("transposed", 2, 1, 64, True),
        Row("conv", 1, 1, CHANNELS, nonlinearity="sigmoid", bias="untied"),
    ),
    discriminator_x=(
        Row("conv", 2, 1, 64, False, 0.2),
        Row("conv", 7, 2, 128, True, 0.2),
        Row("conv", 5, 2, 256, True, 0.2),
        Row("conv", 7, 2, 256, True, 0.2),
        Row("conv", 4, 1, 512, True, 0.2),
    ),
    discriminator_z=(
        Row("conv", 1, 1, 1024, False, 0.2, bias="none"),
        Row("conv", 1, 1, 1024, False, 0.2, bias="none"),
    ),
    discriminator_xz=(
        Row("conv", 1, 1, 2048, False, 0.2),
        Row("conv", 1, 1, 2048, False, 0.2),
        Row("conv", 1, 1, 1, False, 0.2, "linear"),
    ),
    image_size=64,
    negative_slope=0.02,
    weight_stddev=0.01,
    batch_norm_momentum=0.95,
    batch_norm_epsilon=1e-4,
)

TINY_IMAGENET = Architecture(
    encoder=(
        Row("conv", 4, 2, 64, True),
        Row("conv", 4, 1, 64, True),
        Row("conv", 4, 2, 128, True),
        Row("conv", 4, 1, 128, True),
        Row("conv", 4, 2, 256, True),
        Row("conv", 4, 1, 256, True),
        Row("conv", 1, 1, 2048, True),
        Row("conv", 1, 1, 2048, True),
        Row("conv", 1, 1, MEAN_AND_LOG_SIGMA, nonlinearity="linear"),
    ),
    decoder=(
        Row("conv", 1, 1, 2048, True),
        Row("conv", 1, 1, 256, True),
        Row("transposed", 4, 1, 256, True),
        Row("transposed", 4, 2, 128, True),
        Row("transposed", 4, 1, 128, True),
        Row("transposed", 4, 2, 64, True),
        Row("transposed", 4, 1, 64, True),
        Row("transposed", 4, 2, 64, True),
        Row("conv", 1, 1, CHANNELS, nonlinearity="sigmoid", bias="untied"),
    ),
    discriminator_x=(
        Row("conv", 4, 2, 64, False, 0.2),
        Row("conv", 4, 1, 64, True, 0.2),
        Row("conv", 4, 2, 128, True, 0.2),
        Row("conv", 4, 1, 128, True, 0.2),
        Row("conv", 4, 2, 256, True, 0.2),
        Row("conv", 4, 1, 256, True, 0.2),
    ),
    discriminator_z=(
        Row("conv", 1, 1, 2048, False, 0.2),
        Row("conv", 1, 1, 2048, False, 0.2),
    ),
    discriminator_xz=(
        Row("conv", 1, 1, 4096, False, 0.2),
        Row("conv", 1, 1, 4096, False, 0.2),
        Row("conv", 1, 1, 1, False, 0.2, "linear"),
    ),
    image_size=64,
    negative_slope=0.01,
    weight_stddev=0.01,
    batch_norm_momentum=0.95,
    batch_norm_epsilon=1e-4,
)
