"""Copies the weights of networks, and sets weights from data."""

import keras
import numpy as np

from ali_keras.errors import first_line
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
    """Clones a network and its weights, with another dtype policy.

    Raises:
        ValueError: if a layer cannot be made from its configuration.
    """

    def clone_layer(layer):
        # A model within; subclassed models have no `inputs`.
        if isinstance(layer, keras.Model) and hasattr(layer, "inputs"):
            return copy_network(layer, layer.name, dtype)
        try:
            return _clone_layer(layer, dtype)
        except (NotImplementedError, TypeError, ValueError) as error:
            raise ValueError(
                "Layers must be made anew by from_config(get_config()), for "
                f"the averages. Received: {name}'s layer {layer.name!r} of "
                f"class {type(layer).__name__} ({first_line(error)})"
            ) from None

    copy = keras.models.clone_model(network, clone_function=clone_layer)
    copy.set_weights(network.get_weights())
    copy.name = name
    return copy


def _clone_layer(layer, dtype):
    config = layer.get_config()
    if "dtype" in config:  # Operations such as a split have none.
        config["dtype"] = dtype
    if isinstance(layer, keras.layers.Lambda):
        # Keras does not make functions from what files say. This is no file.
        config.update(
            function=layer.function,
            output_shape=layer._output_shape,
            mask=layer.mask,
            arguments=layer.arguments,
        )
        return keras.layers.Lambda(**config)
    return layer.__class__.from_config(config)
