"""The wrappers that normalise kernels, under the name that users import."""

from ali_keras.networks.normalization import SpectralNormalization
from ali_keras.networks.normalization import WeightNormalization

__all__ = ["SpectralNormalization", "WeightNormalization"]
