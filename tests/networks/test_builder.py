"""Networks built from tables: shapes, types, weights, counts."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from ali_keras import noise
from ali_keras.architectures import ARCHITECTURES
from ali_keras.architectures import REPORT
from ali_keras.architectures.spec import MEAN_AND_LOG_SIGMA
from ali_keras.networks.builder import build_networks
from ali_keras.networks.weights import copy_network
from tests import tiny

# Filters of the report's tables, the same as the authors' SVHN tables.
ENCODER = (32, 64, 128, 256, 512, 512)
DECODER = (256, 128, 64, 32, 32, 32)
NAMES = ("encoder", "decoder", "discriminator")


@pytest.fixture(scope="module")
def report():
    """The report's networks by name, 28x28, 3 channels, z of 256."""
    networks = build_networks(REPORT, latent_dim=256, channels=3)
    return dict(zip(NAMES, networks, strict=True))


def run(encoder, decoder, discriminator, images, z):
    """Outputs of all three networks, in training."""
    posterior = encoder(images, training=True)
    image = decoder(z, training=True)
    with noise.scope(noise.fold(0)):
        logit = discriminator([images, z], training=True)
    return {**posterior, "image": image, "logit": logit}


def trainable(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_has_the_promised_shapes(name):
    table, channels = ARCHITECTURES[name], 2
    encoder, decoder, discriminator = build_networks(table, 5, channels)
    image_shape = (None, table.image_size, table.image_size, channels)
    assert encoder.input_shape == decoder.output_shape == image_shape
    shapes = {name: output.shape for name, output in encoder.output.items()}
    assert len(shapes.pop("features")) == 2
    assert shapes.pop("z_mean") == (None, 5)
    if table.encoder[-1].feature_maps == MEAN_AND_LOG_SIGMA:
        assert shapes.pop("z_log_sigma") == (None, 5)
    assert not shapes
    assert decoder.input_shape == (None, 5)
    assert discriminator.input_shape == [image_shape, (None, 5)]
    assert discriminator.output_shape == (None, 1)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("svhn", 32),
        ("cifar10", 32),
        ("celeba", 64),
        ("tiny_imagenet", 64),
        ("mixture", 1),
        ("bigan_mnist", 28),
        ("report", 28),
    ],
)
def test_images_have_the_papers_sizes(name, size):
    assert ARCHITECTURES[name].image_size == size


def test_features_are_the_layer_before_z():
    encoder = tiny.networks()[0]
    last = encoder.get_layer("encoder_1_leaky_relu")
    inner = keras.Model(encoder.input, last.output)
    features = encoder(tiny.images())["features"]
    assert features.shape == (8, 6)
    np.testing.assert_array_equal(features, inner(tiny.images())[:, 0, 0])


@pytest.mark.parametrize(
    "dtype, output_dtype",
    (
        ("mixed_bfloat16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
    ),
)
def test_outputs_have_full_precision(dtype, output_dtype):
    networks = tiny.networks(dtype, min_sigma=0.1)
    outputs = run(*networks, tf.constant(tiny.images()), tf.ones((8, 3)))
    assert {o.dtype.name for o in outputs.values()} == {output_dtype}
    variables = [v for network in networks for v in network.variables]
    assert {v.dtype for v in variables} == {output_dtype}


def test_hidden_rows_compute_in_the_low_type():
    for network in tiny.networks("mixed_bfloat16"):
        first = [layer for layer in network.layers if layer.variables][0]
        assert first.compute_dtype == "bfloat16"


def test_a_seed_fixes_the_weights():
    pairs = zip(tiny.networks(seed=4), tiny.networks(seed=4), strict=True)
    for network, again in pairs:
        for a, b in zip(network.weights, again.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_another_seed_changes_every_kernel():
    pairs = zip(tiny.networks(seed=4), tiny.networks(seed=5), strict=True)
    for network, other in pairs:
        for a, b in zip(network.weights, other.weights, strict=True):
            if a.name == "kernel":
                assert not np.array_equal(a, b)


def test_rows_of_one_shape_have_weights_of_their_own():
    # The encoder's and the discriminator's first rows are both 4x4 to 6.
    encoder, _, discriminator = tiny.networks()
    assert encoder.weights[0].shape == discriminator.weights[0].shape
    assert not np.array_equal(encoder.weights[0], discriminator.weights[0])


@pytest.mark.parametrize("stddev", (0.01, 0.5))
def test_weights_have_the_table_s_deviation(stddev):
    table = dataclasses.replace(REPORT, weight_stddev=stddev)
    encoder = build_networks(table, 64, 1)[0]
    kernel = encoder.get_layer("encoder_5_conv").kernel.numpy()
    assert kernel.mean() == pytest.approx(0, abs=stddev / 100)
    assert kernel.std() == pytest.approx(stddev, rel=0.01)


def test_he_initialisation_scales_by_fan_in():
    encoder = build_networks(ARCHITECTURES["compact"], 64, 1)[0]
    kernel = encoder.get_layer("encoder_4_conv").kernel.numpy()
    assert kernel.std() == pytest.approx((2 / (7 * 7 * 64)) ** 0.5, rel=0.02)


def test_encoder_parameters_are_the_authors(report):
    kernels = (
        (5 * 5 * 3 * 32 + 4 * 4 * 32 * 64 + 4 * 4 * 64 * 128)
        + (4 * 4 * 128 * 256 + 4 * 4 * 256 * 512)
        + (512 * 512 + 512 * 512)
    )
    # Scale and shift of each batch normalization; biases of the moments.
    by_hand = kernels + 2 * sum(ENCODER) + 512
    assert by_hand == 3_315_488  # As the authors' SVHN encoder.
    assert trainable(report["encoder"]) == by_hand


def test_decoder_parameters_are_the_authors_but_for_the_last_bias(report):
    kernels = (
        (4 * 4 * 256 * 256 + 4 * 4 * 256 * 128 + 4 * 4 * 128 * 64)
        + (4 * 4 * 64 * 32 + 5 * 5 * 32 * 32)
        + (32 * 32 + 32 * 3)
    )
    by_hand = kernels + 2 * sum(DECODER) + 3
    assert trainable(report["decoder"]) == by_hand
    # Theirs has a bias for each pixel of 32x32, ours one for each channel.
    assert by_hand - 3 + 32 * 32 * 3 == 1_767_584


def test_discriminator_parameters_are_the_authors_but_for_z_s_biases(report):
    x_kernels = (
        (5 * 5 * 3 * 32 + 4 * 4 * 32 * 64 + 4 * 4 * 64 * 128)
        + (4 * 4 * 128 * 256)
        + (4 * 4 * 256 * 512)
    )
    x = x_kernels + 32 + 2 * sum((64, 128, 256, 512))
    z_kernels = 256 * 512 + 512 * 512
    joint = 1024 * 1024 + 1024 * 1024 + 1024 + (1024 + 1024 + 1)
    assert x + z_kernels + joint == 5_283_073
    # Every row of ours without batch normalization has a bias.
    z_biases = 512 + 512
    assert trainable(report["discriminator"]) == 5_283_073 + z_biases


@pytest.mark.parametrize("name", NAMES)
def test_batch_normalization_is_synchronized_and_replaces_the_bias(
    report, name
):
    network = report[name]
    normalized = 0
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            assert layer.synchronized and layer.momentum == 0.95
            convolution = layer.input._keras_history.operation
            assert not convolution.use_bias
            normalized += 1
    convolutions = [v for v in network.layers if hasattr(v, "use_bias")]
    biased = sum(layer.use_bias for layer in convolutions)
    assert normalized == {"encoder": 6, "decoder": 6, "discriminator": 4}[name]
    assert normalized + biased == len(convolutions)


def test_dropout_layers_have_streams_of_their_own():
    discriminator = tiny.networks()[2]
    streams = [
        layer.stream
        for layer in discriminator.layers
        if hasattr(layer, "stream")
    ]
    assert len(streams) == 4 and len(set(streams)) == 4


def test_a_1x1_row_computes_a_1x1_convolution():
    encoder = tiny.networks()[0]
    last = encoder.get_layer("encoder_moments_conv")
    kernel = last.kernel.numpy().reshape(1, 1, 6, 6)
    inputs = np.random.default_rng(0).random((8, 1, 1, 6), "float32")
    expected = tf.nn.conv2d(inputs, kernel, 1, "VALID") + last.bias
    np.testing.assert_allclose(last(inputs), expected, rtol=1e-5)


def test_a_decoder_that_misses_the_image_size_is_refused():
    message = r"image shape \(5, 5, 1\)\. Received: \(4, 4, 1\)"
    with pytest.raises(ValueError, match=message):
        tiny.networks(image_size=5)


@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_a_copy_computes_the_same_in_its_own_type(dtype):
    encoder = tiny.networks("mixed_bfloat16", min_sigma=0.1)[0]
    encoder(tiny.images(), training=True)  # Moves the statistics.
    copy = copy_network(encoder, "copy", dtype)
    pairs = list(zip(encoder.weights, copy.weights, strict=True))
    for original, copied in pairs:
        assert copied is not original and copied.dtype == dtype
        np.testing.assert_array_equal(original, copied)
    assert copy.name == "copy"
    outputs = copy(tiny.images())
    assert {o.dtype.name for o in outputs.values()} == {dtype}
    full = tiny.networks(min_sigma=0.1)[0]
    full.set_weights(encoder.get_weights())
    expected = full(tiny.images())["z_log_sigma"]
    np.testing.assert_allclose(outputs["z_log_sigma"], expected, rtol=1e-5)


def test_a_floor_of_sigma_is_the_encoder_s_last_word():
    plain, floored = tiny.networks()[0], tiny.networks(min_sigma=0.3)[0]
    sigma = np.exp(plain(tiny.images())["z_log_sigma"])
    kept = np.exp(floored(tiny.images())["z_log_sigma"])
    np.testing.assert_allclose(kept, 0.3 + 0.7 * sigma, rtol=1e-5)
