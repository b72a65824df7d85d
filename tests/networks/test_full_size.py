"""Full-size kernels: Keras' convolutions, computed as matrix products."""

import keras
import numpy as np
import pytest

from ali_keras.architectures import BIGAN_MNIST
from ali_keras.architectures import COMPACT
from ali_keras.networks.builder import build_networks
from ali_keras.networks.layers import FullSizeConv2D
from ali_keras.networks.layers import FullSizeConv2DTranspose

KINDS = (
    (FullSizeConv2D, keras.layers.Conv2D, (8, 3, 3, 2)),
    (FullSizeConv2DTranspose, keras.layers.Conv2DTranspose, (8, 1, 1, 2)),
)


def pair(ours, theirs, shape, use_bias):
    """Both layers, with the same random weights, and inputs."""
    random = np.random.default_rng(0)
    layers = [kind(4, 3, use_bias=use_bias) for kind in (ours, theirs)]
    for layer in layers:
        layer.build(shape)
    weights = [random.normal(size=w.shape) for w in layers[1].weights]
    for layer in layers:
        layer.set_weights(weights)
    return *layers, random.normal(size=shape).astype("float32")


@pytest.mark.parametrize("use_bias", (True, False))
@pytest.mark.parametrize("ours, theirs, shape", KINDS)
def test_the_outputs_are_those_of_keras(ours, theirs, shape, use_bias):
    layer, convolution, inputs = pair(ours, theirs, shape, use_bias)
    outputs = layer(inputs)
    assert outputs.shape == layer.compute_output_shape(shape)
    np.testing.assert_allclose(
        outputs, convolution(inputs), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("ours, theirs, shape", KINDS)
def test_the_initial_weights_are_those_of_keras(ours, theirs, shape):
    he = keras.initializers.HeNormal
    layers = [kind(4, 3, kernel_initializer=he(1)) for kind in (ours, theirs)]
    for layer in layers:
        layer.build(shape)
    np.testing.assert_array_equal(layers[0].kernel, layers[1].kernel)


@pytest.mark.parametrize("architecture", (BIGAN_MNIST, COMPACT))
def test_rows_with_full_size_kernels_are_found(architecture):
    networks = build_networks(architecture, 5, 1)
    layers = [layer for network in networks for layer in network.layers]
    for full_size, keras_layer, shape in KINDS:
        assert sum(isinstance(v, full_size) for v in layers) > 0
        for layer in layers:
            if type(layer) is keras_layer:
                sizes = layer.input.shape[1:3], layer.output.shape[1:3]
                assert sizes[shape[1] == 1] != layer.kernel_size
