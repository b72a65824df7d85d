"""Wrapped layers of all kinds, and what their tests share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ali_keras.networks.normalization import SpectralNormalization
from ali_keras.networks.normalization import WeightNormalization

DENSE = (keras.layers.Dense, {"units": 4}, (7, 3))
CONV = (keras.layers.Conv2D, {"filters": 4, "kernel_size": 3}, (2, 5, 5, 3))
TRANSPOSED = (
    keras.layers.Conv2DTranspose,
    {"filters": 4, "kernel_size": 3, "strides": 2},
    (2, 3, 3, 5),
)
KINDS = pytest.mark.parametrize(
    "kind", (DENSE, CONV, TRANSPOSED), ids=lambda kind: kind[0].__name__
)
WRAPPERS = pytest.mark.parametrize(
    "wrapper", (SpectralNormalization, WeightNormalization)
)


def random(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def wrapped(wrapper, kind, options=None, **layer_options):
    """A built wrapper with a bias that is not zero, and inputs for it."""
    layer_class, sizes, shape = kind
    layer = layer_class(
        **sizes,
        kernel_initializer=keras.initializers.RandomNormal(seed=1),
        bias_initializer=keras.initializers.RandomNormal(seed=2),
        **layer_options,
    )
    built = wrapper(layer, **(options or {}))
    built.build(shape)
    return built, random(shape)


def plain(built, inputs, kernel):
    """What the layer alone computes with another kernel."""
    twin = type(built.layer).from_config(built.layer.get_config())
    twin.build(inputs.shape)
    twin.kernel.assign(kernel)
    twin.bias.assign(built.layer.bias)
    return twin(inputs)


def penalty(network, inputs):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = network(inputs, training=False)
    return tf.reduce_sum(tf.square(tape.gradient(outputs, inputs)))
