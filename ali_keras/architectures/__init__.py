"""The architecture tables, by name. For the columns see `spec.Row`."""

from ali_keras.architectures.bigan import BIGAN_MNIST
from ali_keras.architectures.compact import COMPACT
from ali_keras.architectures.mixture import MIXTURE
from ali_keras.architectures.mixture import MIXTURE_5
from ali_keras.architectures.mixture import MIXTURE_FAST
from ali_keras.architectures.paper_32 import CIFAR10
from ali_keras.architectures.paper_32 import SVHN
from ali_keras.architectures.paper_64 import CELEBA
from ali_keras.architectures.paper_64 import TINY_IMAGENET
from ali_keras.architectures.report import REPORT
from ali_keras.architectures.stabilised import stabilised

ARCHITECTURES = {
    "svhn": SVHN,
    "cifar10": CIFAR10,
    "celeba": CELEBA,
    "tiny_imagenet": TINY_IMAGENET,
    "svhn_fast": stabilised(SVHN),
    "cifar10_fast": stabilised(CIFAR10),
    "celeba_fast": stabilised(CELEBA),
    "tiny_imagenet_fast": stabilised(TINY_IMAGENET),
    "mixture": MIXTURE,
    "mixture_fast": MIXTURE_FAST,
    "mixture_5": MIXTURE_5,
    "bigan_mnist": BIGAN_MNIST,
    "bigan_mnist_fast": stabilised(BIGAN_MNIST),
    "report": REPORT,
    "compact": COMPACT,
}
