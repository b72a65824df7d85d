"""Keras' own conformance tests, on the layers that users import."""

import keras
import pytest
import tensorflow as tf
from keras.src.testing import TestCase
from keras.src.utils import traceback_utils

from ali_keras import layers
from ali_keras import noise
from ali_keras import normalization

# Of each layer: its arguments, the shapes of its inputs and outputs, and the
# numbers of its weights, trainable and not.
MAP = (2, 4, 4, 6)
LAYERS = {
    "AppendNoise": ({"channels": 2}, MAP, (2, 4, 4, 8), 0, 0),
    "FlooredLogSigma": ({"floor": 0.5}, MAP, MAP, 0, 0),
    "FullSizeConv2D": (
        {"filters": 5, "kernel_size": 4},
        MAP,
        (2, 1, 1, 5),
        2,
        0,
    ),
    "FullSizeConv2DTranspose": (
        {"filters": 5, "kernel_size": 4},
        (2, 1, 1, 6),
        (2, 4, 4, 5),
        2,
        0,
    ),
    "Maxout": ({"pieces": 2}, MAP, (2, 4, 4, 3), 0, 0),
    "StatelessDropout": ({"rate": 0.5, "stream": 1}, MAP, MAP, 0, 0),
    "UntiedBias": ({}, MAP, MAP, 1, 0),
}
WRAPPERS = {"SpectralNormalization": 1, "WeightNormalization": 0}
WRAPPED = {
    "Dense": ({"units": 3}, (2, 6), (2, 3)),
    "Conv2D": ({"filters": 3, "kernel_size": 3}, MAP, (2, 2, 2, 3)),
    "Conv2DTranspose": ({"filters": 3, "kernel_size": 3}, MAP, (2, 6, 6, 3)),
}

pytestmark = [
    # Keras' test trains from a generator and leaves `shuffle` as it is.
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
    # It trains layers without weights as well.
    pytest.mark.filterwarnings("ignore:The model does not have any trainable"),
]


@pytest.fixture
def keras_tests():
    """Keras' `TestCase`, after which Keras filters tracebacks as before."""
    is_filtering = traceback_utils.is_traceback_filtering_enabled()
    case = TestCase()
    case.setUp()
    yield case
    case.doCleanups()
    if is_filtering:
        traceback_utils.enable_traceback_filtering()


# As Keras' own: what works on each step by itself passes a mask on.
WITHOUT_MASKS = {"Conv2D", "Conv2DTranspose"}


def check(keras_tests, layer_class, options, sizes, **further):
    input_shape, output_shape, num_trainable, num_others = sizes
    keras_tests.run_layer_test(
        layer_class,
        options,
        input_shape=input_shape,
        expected_output_shape=output_shape,
        expected_output_dtype="float32",
        expected_num_trainable_weights=num_trainable,
        expected_num_non_trainable_weights=num_others,
        expected_num_seed_generators=0,
        expected_num_losses=0,
        **further,
    )


def test_no_public_layer_is_left_out():
    assert set(LAYERS) == set(layers.__all__)
    assert set(WRAPPERS) == set(normalization.__all__)


@pytest.mark.parametrize("name", LAYERS)
def test_layers(keras_tests, name):
    options, *sizes = LAYERS[name]
    # Keras calls the layers with training=True too: those that draw need a
    # key. Without one StatelessDropout refuses, see networks/test_layers.py.
    with noise.scope(noise.fold(0, tf.constant(0))):
        check(
            keras_tests,
            getattr(layers, name),
            options,
            sizes,
            supports_masking=name.removeprefix("FullSize") not in WITHOUT_MASKS,
        )


@pytest.mark.parametrize("kind", WRAPPED)
@pytest.mark.parametrize("name", WRAPPERS)
def test_wrappers(keras_tests, name, kind):
    options, *shapes = WRAPPED[kind]
    num_trainable = 3 if name == "WeightNormalization" else 2
    check(
        keras_tests,
        getattr(normalization, name),
        {"layer": getattr(keras.layers, kind)(**options)},
        (*shapes, num_trainable, WRAPPERS[name]),
        supports_masking=kind not in WITHOUT_MASKS,
        # The test gives the wrapper a policy. Ours takes the layer's, and
        # networks/test_normalization_in_use.py tests it with half precision.
        run_mixed_precision_check=False,
    )
