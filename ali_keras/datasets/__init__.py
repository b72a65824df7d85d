"""Data sets that are part of the package. Importing it registers them."""

from ali_keras.datasets.drawn_faces import DrawnFaces
from ali_keras.datasets.gaussian_mixtures import Mixture5
from ali_keras.datasets.gaussian_mixtures import Mixture25
from ali_keras.datasets.mnist_5k import Mnist5k

# These are prepared without a network.
EMBEDDED = (Mnist5k.name, Mixture25.name, Mixture5.name, DrawnFaces.name)
