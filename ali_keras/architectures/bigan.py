"""BiGAN's permutation-invariant networks for MNIST.

Donahue et al. (2017), section 4.1, as in the authors' code
(github.com/jeffdonahue/bigan, net.py: mnist_mlp and deconvnet_mnist_mlp with
the flags of train_mnist.sh: no biases, batch normalization without scale and
shift). Each row is fully connected: a 28x28 kernel on a 28x28 image, or 1x1.

The code adds a linear map of z to the second layer of G and of D. That is the
same as concatenating z to the layer's input, which is what the rows do here.
The last layer of the authors' D starts with zeros. Ours starts with
N(0, 0.02^2), like the other layers.
"""

from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import LATENT_DIM
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row

BIGAN_MNIST = Architecture(
    encoder=(
        Row("conv", 28, 1, 1024, bias="none"),
        Row("conv", 1, 1, 1024, True),
        Row("conv", 1, 1, LATENT_DIM, nonlinearity="linear", bias="none"),
    ),
    decoder=(
        Row("conv", 1, 1, 1024, True, nonlinearity="relu"),
        Row("conv", 1, 1, 1024, True, nonlinearity="relu", with_z=True),
        Row(
            "transposed",
            28,
            1,
            CHANNELS,
            nonlinearity="sigmoid",
            bias="none",
        ),
    ),
    discriminator_x=(Row("conv", 28, 1, 1024, bias="none"),),
    discriminator_z=(),
    discriminator_xz=(
        Row("conv", 1, 1, 1024, True),
        Row("conv", 1, 1, 1, nonlinearity="linear", bias="none"),
    ),
    image_size=28,
    negative_slope=0.2,
    weight_stddev=0.02,
    batch_norm_momentum=0.95,
    batch_norm_epsilon=1e-4,
    batch_norm_affine=False,
)
