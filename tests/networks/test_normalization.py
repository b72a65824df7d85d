"""Spectral and weight normalization: formulas and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ali_keras.networks.normalization import SpectralNormalization
from ali_keras.networks.normalization import WeightNormalization
from tests.networks.normalized import CONV
from tests.networks.normalized import DENSE
from tests.networks.normalized import KINDS
from tests.networks.normalized import WRAPPERS
from tests.networks.normalized import penalty
from tests.networks.normalized import plain
from tests.networks.normalized import random
from tests.networks.normalized import wrapped


def with_kernel(wrapper, kernel, **options):
    """A wrapped `Dense` without bias, of float64."""
    kernel = np.asarray(kernel, "float64")
    layer = keras.layers.Dense(kernel.shape[1], use_bias=False, dtype="float64")
    layer.build((None, kernel.shape[0]))
    layer.kernel.assign(kernel)
    built = wrapper(layer, **options)
    built.build((None, kernel.shape[0]))
    return built


def by_output(wrapper, kernel):
    """The kernel as a matrix with a column for each output."""
    kernel = np.asarray(kernel)
    if isinstance(wrapper.layer, keras.layers.Conv2DTranspose):
        kernel = kernel.transpose(0, 1, 3, 2)
    return kernel.reshape(-1, kernel.shape[-1])


def test_one_power_iteration_by_hand():
    built = with_kernel(SpectralNormalization, [[3, 0], [0, 4]])
    built.u.assign([1, 1])
    built(np.ones((1, 2)), training=True)
    # v = (3, 4) / 5; transpose(W) v = (9, 16) / 5, whose norm is sigma.
    np.testing.assert_allclose(built.u, np.array([9, 16]) / np.sqrt(337))
    built.u.assign([1, 1])
    np.testing.assert_allclose(
        built.normalized_kernel(),
        np.diag([3, 4]) * 5 / np.sqrt(337),
        rtol=1e-14,
    )


@KINDS
def test_sigma_becomes_the_largest_singular_value(kind):
    built, inputs = wrapped(SpectralNormalization, kind)
    for _ in range(200):
        built(inputs, training=True)
    matrix = by_output(built, built.layer.kernel)
    normalised = by_output(built, built.normalized_kernel())
    sigma = np.linalg.svd(matrix, compute_uv=False)[0]
    np.testing.assert_allclose(normalised, matrix / sigma, atol=1e-6)


@KINDS
@WRAPPERS
def test_outputs_are_those_of_the_layer_with_that_kernel(wrapper, kind):
    built, inputs = wrapped(wrapper, kind, activation="tanh")
    alone = plain(built, inputs, built.normalized_kernel())
    np.testing.assert_array_equal(built(inputs), alone)


@KINDS
def test_the_kernel_stays_and_only_training_stores_u(kind):
    built, inputs = wrapped(SpectralNormalization, kind)
    kernel, u = built.layer.kernel.numpy(), built.u.numpy()
    resting = built(inputs, training=False)
    np.testing.assert_array_equal(built.u, u)
    training = built(inputs, training=True)
    assert not np.allclose(built.u, u)
    np.testing.assert_array_equal(training, resting)
    np.testing.assert_array_equal(built.layer.kernel, kernel)


def test_the_layer_of_keras_overwrites_the_kernel():
    """What there would be no need of ours without."""
    layer = keras.layers.Dense(4)
    built = keras.layers.SpectralNormalization(layer)
    inputs = random((7, 3))
    built.build(inputs.shape)
    kernel = layer.kernel.numpy()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(built(inputs, training=True))
    assert not np.allclose(layer.kernel, kernel)
    # Its gradient stops at W / sigma: the one of the layer alone.
    alone = inputs.sum(axis=0)[:, None] * np.ones((1, 4))
    np.testing.assert_allclose(
        tape.gradient(loss, layer.kernel.value), alone, rtol=1e-5
    )


def test_two_calls_in_a_step_are_two_power_iterations():
    once, inputs = wrapped(SpectralNormalization, DENSE)
    twice, _ = wrapped(SpectralNormalization, DENSE, {"power_iterations": 2})

    @tf.function
    def step():
        return once(inputs, training=True), once(inputs, training=True)

    first, second = step()
    assert not np.allclose(first, second, rtol=1e-4)
    np.testing.assert_allclose(second, twice(inputs, training=True), rtol=1e-6)
    np.testing.assert_allclose(once.u, twice.u, rtol=1e-6)


@WRAPPERS
def test_a_gradient_penalty_has_the_gradient_of_finite_differences(wrapper):
    """Once u has converged, sigma's derivative is that of the true sigma."""
    built = with_kernel(wrapper, random((3, 4)))
    network = keras.Sequential(
        [built, keras.layers.Dense(1, "tanh", dtype="float64")]
    )
    inputs = tf.constant(random((5, 3)), "float64")
    for _ in range(300):
        network(inputs, training=True)
    kernel = built.layer.kernel
    with tf.GradientTape() as tape:
        value = tf.function(penalty)(network, inputs)
    gradient = tape.gradient(value, kernel.value).numpy()
    start, step = kernel.numpy(), 1e-5
    for place in np.ndindex(start.shape):
        moved = []
        for sign in (1, -1):
            change = np.zeros_like(start)
            change[place] = sign * step
            kernel.assign(start + change)
            moved.append(penalty(network, inputs).numpy())
        difference = (moved[0] - moved[1]) / (2 * step)
        assert gradient[place] == pytest.approx(difference, rel=1e-5, abs=1e-8)


def test_a_kernel_of_zeros_stays_finite():
    built = with_kernel(SpectralNormalization, np.zeros((3, 2)))
    u = built.u.numpy()
    with tf.GradientTape() as tape:
        outputs = built(np.ones((1, 3)), training=True)
    np.testing.assert_array_equal(outputs, np.zeros((1, 2)))
    gradient = tape.gradient(outputs, built.layer.kernel.value)
    np.testing.assert_array_equal(gradient, np.ones((3, 2)))
    np.testing.assert_array_equal(built.u, u)


def test_the_seed_fixes_u():
    def u(seed):
        return wrapped(SpectralNormalization, CONV, {"seed": seed})[0].u.numpy()

    np.testing.assert_array_equal(u(3), u(3))
    assert not np.array_equal(u(3), u(4))


def test_weight_normalization_by_hand():
    built = with_kernel(WeightNormalization, [[3, 0], [4, 2]])
    np.testing.assert_allclose(built.gain, [5, 2])
    built.gain.assign([10, 3])
    with tf.GradientTape() as tape:
        outputs = built(np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(outputs, [[6, 0]])
    sources = [built.gain.value, built.layer.kernel.value]
    gain, v = tape.gradient(outputs, sources)
    # Equation 3 with a gradient G = [[1, 1], [0, 0]] of w. By gain:
    # G . v / norm(v); by v: gain / norm(v) * (G - (G . v) v / norm(v)^2).
    np.testing.assert_allclose(gain, [0.6, 0])
    np.testing.assert_allclose(v, [[2 * 0.64, 1.5], [-2 * 0.48, 0]])


@KINDS
def test_weight_normalization_starts_as_the_layer_alone(kind):
    built, inputs = wrapped(WeightNormalization, kind)
    lengths = np.linalg.norm(by_output(built, built.layer.kernel), axis=0)
    np.testing.assert_allclose(built.gain, lengths, rtol=1e-6)
    np.testing.assert_allclose(
        built(inputs), built.layer(inputs), rtol=1e-5, atol=1e-6
    )
    built.gain.assign([1, 2, 3, 4])
    lengths = np.linalg.norm(
        by_output(built, built.normalized_kernel()), axis=0
    )
    np.testing.assert_allclose(lengths, [1, 2, 3, 4], rtol=1e-6)


@WRAPPERS
def test_other_layers_are_refused(wrapper):
    message = "one of Dense, Conv2D, Conv2DTranspose. Received: layer="
    with pytest.raises(ValueError, match=message):
        wrapper(keras.layers.Flatten())


@pytest.mark.parametrize("number", (0, -1))
def test_fewer_than_one_power_iteration_is_refused(number):
    message = f"at least 1. Received: power_iterations={number}"
    with pytest.raises(ValueError, match=message):
        SpectralNormalization(keras.layers.Dense(2), power_iterations=number)
