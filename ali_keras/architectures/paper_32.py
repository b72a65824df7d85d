"""The paper's networks for 32x32 images: CIFAR-10 and SVHN.

Dumoulin et al. (2017), appendix A, as in the authors' code
(github.com/IshmaelBelghazi/ALI, experiments/ali_cifar10.py and ali_svhn.py).
If the two differ, we follow the code, because it made the published samples:

- The code's discriminators end in a logit. The tables print "sigmoid".
- CIFAR-10: the code's D(x, z) takes 512 maps (256 of x after maxout, 256 of
  z). The table prints 1024.
- CIFAR-10: the table has a dropout of 0.5 before each row of D after the
  first. The code counts its layers in steps of three, although they come in
  pairs. So it applies dropout to the input of the second and of the fifth
  convolution of D(x), and to the output of the third before its maxout, and
  to nothing else in D(x).
- Rows with a maxout list the number of maps before it. It keeps one of two.
- Moving statistics have momentum 0.95. The authors average the standard
  deviation and Keras averages the variance. This is a small difference, which
  affects inference only.
"""

from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import MEAN_AND_LOG_SIGMA
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row

_ENCODER = (
    Row("conv", 5, 1, 32, True),
    Row("conv", 4, 2, 64, True),
    Row("conv", 4, 1, 128, True),
    Row("conv", 4, 2, 256, True),
    Row("conv", 4, 1, 512, True),
    Row("conv", 1, 1, 512, True),
    Row("conv", 1, 1, MEAN_AND_LOG_SIGMA, nonlinearity="linear"),
)

_DECODER = (
    Row("transposed", 4, 1, 256, True),
    Row("transposed", 4, 2, 128, True),
    Row("transposed", 4, 1, 64, True),
    Row("transposed", 4, 2, 32, True),
    Row("transposed", 5, 1, 32, True),
    Row("transposed", 1, 1, 32, True),
    Row("conv", 1, 1, CHANNELS, nonlinearity="sigmoid", bias="untied"),
)

CIFAR10 = Architecture(
    encoder=_ENCODER,
    decoder=_DECODER,
    discriminator_x=(
        Row("conv", 5, 1, 32, False, 0.2, "maxout"),
        Row("conv", 4, 2, 64, False, 0.5, "maxout"),
        Row("conv", 4, 1, 128, False, 0.0, "maxout", late_dropout=0.5),
        Row("conv", 4, 2, 256, False, 0.0, "maxout"),
        Row("conv", 4, 1, 512, False, 0.5, "maxout"),
    ),
    discriminator_z=(
        Row("conv", 1, 1, 512, False, 0.2, "maxout", bias="none"),
        Row("conv", 1, 1, 512, False, 0.5, "maxout", bias="none"),
    ),
    discriminator_xz=(
        Row("conv", 1, 1, 1024, False, 0.5, "maxout"),
        Row("conv", 1, 1, 1024, False, 0.5, "maxout"),
        Row("conv", 1, 1, 1, False, 0.5, "linear"),
    ),
    image_size=32,
    negative_slope=0.1,
    weight_stddev=0.01,
    batch_norm_momentum=0.95,
    batch_norm_epsilon=1e-4,
)

SVHN = Architecture(
    encoder=_ENCODER,
    decoder=_DECODER,
    discriminator_x=(
        Row("conv", 5, 1, 32, False, 0.2),
        Row("conv", 4, 2, 64, True, 0.2),
        Row("conv", 4, 1, 128, True, 0.2),
        Row("conv", 4, 2, 256, True, 0.2),
        Row("conv", 4, 1, 512, True, 0.2),
    ),
    discriminator_z=(
        Row("conv", 1, 1, 512, False, 0.2, bias="none"),
        Row("conv", 1, 1, 512, False, 0.2, bias="none"),
    ),
    discriminator_xz=(
        Row("conv", 1, 1, 1024, False, 0.2),
        Row("conv", 1, 1, 1024, False, 0.2),
        Row("conv", 1, 1, 1, False, 0.2, "linear"),
    ),
    image_size=32,
    negative_slope=0.01,
    weight_stddev=0.01,
    batch_norm_momentum=0.95,
    batch_norm_epsilon=1e-4,
)
