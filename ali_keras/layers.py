"""The layers of the networks, under the name that users import."""

from ali_keras.networks.layers import AppendNoise
from ali_keras.networks.layers import FlooredLogSigma
from ali_keras.networks.layers import FullSizeConv2D
from ali_keras.networks.layers import FullSizeConv2DTranspose
from ali_keras.networks.layers import Maxout
from ali_keras.networks.layers import StatelessDropout
from ali_keras.networks.layers import UntiedBias

__all__ = [
    "AppendNoise",
    "FlooredLogSigma",
    "FullSizeConv2D",
    "FullSizeConv2DTranspose",
    "Maxout",
    "StatelessDropout",
    "UntiedBias",
]
