"""Data sets that come with the package; importing this registers them."""

from ali_keras.datasets.gaussian_mixtures import Mixture5
from ali_keras.datasets.gaussian_mixtures import Mixture25
from ali_keras.datasets.mnist_5k import Mnist5k

# Prepared without a network.
EMBEDDED = (Mnist5k.name, Mixture25.name, Mixture5.name)
