"""Copies the weights of networks, and sets weights from data."""

import keras
import numpy as np

from ali_keras.networks.layers import UntiedBias

# Whose mean sets the output bias: the number in the authors' code.
NUM_IMAGES = 500


def set_output_bias(decoder, images):
    """Sets a decoder's untied output bias to the log-odds of the mean image.

    The authors' code does the same. The mean is that of 500 training images,
    clipped to [1e-7, 1 - 1e-7]. A decoder without such a bias is not changed.

    Args:
        decoder: `keras.Model`, see `build_networks`.
        images: Floats `(num_images, height, width, channels)` in [0, 1]; the
            first 500 are taken.
    """
    mean = np.mean(images[:NUM_IMAGES], axis=0, dtype="float64").clip(
        1e-7, 1 - 1e-7
    )
    for layer in decoder.layers:
        if isinstance(layer, UntiedBias):
            layer.bias.assign(np.log(mean / (1 - mean)))


def copy_network(network, name, dtype):
    """Clones a network and its weights, with another dtype policy."""

    def clone_layer(layer):
        config = layer.get_config()
        if "dtype" in config:  # Operations such as a split have none.
            config["dtype"] = dtype
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(network, clone_function=clone_layer)
    copy.set_weights(network.get_weights())
    copy.name = name
    return copy
