"""What tensorflow-addons 0.23.0 computes, against what stands in its place.

`goldens/` holds what the real one computed, in float64 but for the
averages, and how to make it again.
"""

import hashlib
import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from ali_keras.model.averages import update_averages
from ali_keras.networks.layers import Maxout
from ali_keras.networks.normalization import SpectralNormalization
from ali_keras.networks.normalization import WeightNormalization

FOLDER = pathlib.Path(__file__).parent / "goldens"
RECORD = json.loads((FOLDER / "goldens.json").read_text())
# Largest difference, in parts of the golden's largest value.
TOLERANCES = {"float64": 1e-13, "float32": 4e-6}
PRECISIONS = pytest.mark.parametrize("dtype", TOLERANCES)
# In Conv2DTranspose, TFA takes the inputs' axis for the outputs'.
SAME_AXIS = pytest.mark.parametrize("name", ("dense", "conv2d"))
POWER_ITERATIONS = pytest.mark.parametrize(
    "power_iterations", RECORD["power_iterations"]
)


def goldens(part, case):
    """Arrays of a case by the rest of their names."""
    with np.load(FOLDER / f"{part}.npz", allow_pickle=False) as arrays:
        found = {
            name.removeprefix(f"{case}/"): arrays[name]
            for name in arrays.files
            if name.startswith(f"{case}/")
        }
    assert found
    return found


def check_close(ours, golden, dtype):
    ours = np.asarray(ours)
    assert ours.shape == golden.shape
    assert ours.dtype == dtype
    difference = np.abs(ours - golden).max() / np.abs(golden).max()
    assert difference <= TOLERANCES[dtype]


def keras_layer(name, dtype):
    kind, options = RECORD["layers"][name]
    return getattr(keras.layers, kind)(**options, dtype=dtype)


def as_matrix(kernel):
    return kernel.reshape(-1, kernel.shape[-1])


def spectral(name, power_iterations, dtype):
    """Ours at TFA's start, and the goldens."""
    golden = goldens("spectral_normalization", f"{name}_{power_iterations}")
    wrapper = SpectralNormalization(keras_layer(name, dtype), power_iterations)
    wrapper.build(golden["inputs"].shape)
    wrapper.layer.kernel.assign(golden["kernels"][0])
    wrapper.layer.bias.assign(golden["bias"])
    return wrapper, golden


def weight_normalized(name, dtype):
    golden = goldens("weight_normalization", name)
    layer = keras_layer(name, dtype)
    layer.build(golden["inputs"].shape)
    layer.kernel.assign(golden["kernel"])
    layer.bias.assign(golden["bias"])
    wrapper = WeightNormalization(layer)
    wrapper.build(golden["inputs"].shape)
    return wrapper, golden


def test_goldens_are_of_the_last_release_and_of_this_script():
    assert RECORD["versions"]["tensorflow-addons"] == "0.23.0"
    script = (FOLDER / "make_goldens.py").read_bytes()
    assert RECORD["script_sha256"] == hashlib.sha256(script).hexdigest()


@pytest.mark.parametrize("case", RECORD["maxout"])
def test_maxout_is_tfas_after_a_permutation_of_channels(case):
    golden = goldens("maxout", case)
    num_units = RECORD["maxout"][case]
    pieces = golden["inputs"].shape[-1] // num_units
    # Every num_units-th channel competes in TFA, neighbours do in ours.
    order = np.arange(pieces * num_units).reshape(pieces, num_units).T.ravel()
    layer = Maxout(pieces, dtype="float64")
    ours = layer(golden["inputs"][..., order])
    np.testing.assert_array_equal(ours, golden["outputs"])
    if 1 < num_units < pieces * num_units:
        assert not np.array_equal(layer(golden["inputs"]), ours)


@PRECISIONS
@POWER_ITERATIONS
@SAME_AXIS
def test_spectral_normalization_is_tfas(name, power_iterations, dtype):
    wrapper, golden = spectral(name, power_iterations, dtype)
    wrapper.u.assign(golden["start_u"][0])
    inputs = tf.constant(golden["inputs"], dtype)
    cotangent = tf.constant(golden["cotangent"], dtype)
    layer = wrapper.layer
    for call, kernel in enumerate(golden["kernels"]):
        layer.kernel.assign(kernel)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = wrapper(inputs, training=True)
            loss = tf.reduce_sum(outputs * cotangent)
        ours = tape.gradient(loss, [layer.bias.value, inputs])
        tfas = {
            key: golden[f"call_{call}/{key}"]
            for key in ("u", "outputs", "bias_gradient", "inputs_gradient")
        }
        check_close(wrapper.u, tfas["u"][0], dtype)
        check_close(outputs, tfas["outputs"], dtype)
        check_close(ours[0], tfas["bias_gradient"], dtype)
        check_close(ours[1], tfas["inputs_gradient"], dtype)


@PRECISIONS
@SAME_AXIS
def test_gradient_is_that_of_the_paper_where_tfas_stops_at_w(name, dtype):
    """Equation 12: TFA has its first factor only, G, and no 1 / sigma."""
    wrapper, golden = spectral(name, 1, dtype)
    wrapper.u.assign(golden["start_u"][0])
    kernel = wrapper.layer.kernel
    cotangent = tf.constant(golden["cotangent"], dtype)
    with tf.GradientTape() as tape:
        outputs = wrapper(golden["inputs"], training=True)
        loss = tf.reduce_sum(outputs * cotangent)
    ours = tape.gradient(loss, kernel.value)
    tfas = golden["call_0/kernel_gradient"]
    normalised = golden["call_0/kernel"]
    matrix = as_matrix(golden["kernels"][0])
    v = matrix @ golden["start_u"][0]
    v /= np.linalg.norm(v)
    u = golden["call_0/u"][0]
    sigma = v @ matrix @ u
    np.testing.assert_allclose(
        golden["kernels"][0] / sigma, normalised, rtol=1e-12
    )
    through_sigma = np.sum(tfas * normalised) * np.outer(v, u)
    by_hand = (tfas - through_sigma.reshape(tfas.shape)) / sigma
    check_close(ours, by_hand, dtype)


@PRECISIONS
@POWER_ITERATIONS
@SAME_AXIS
def test_sigma_is_tfas_also_where_tfa_overwrites(name, power_iterations, dtype):
    """Without updates in between, overwriting leaves W / sigma the same.

    A kernel divided by a number has the same singular vectors. So TFA's
    kernel after k calls is the first one divided by ours of the k-th call.
    """
    wrapper, golden = spectral(name, power_iterations, dtype)
    wrapper.u.assign(golden["start_u"][0])
    for call in range(RECORD["num_calls"]):
        ours = wrapper.normalized_kernel(training=True)
        check_close(ours, golden[f"overwritten_{call}/kernel"], dtype)
        check_close(wrapper.u, golden[f"overwritten_{call}/u"][0], dtype)
    check_close(wrapper.layer.kernel, golden["kernels"][0], dtype)


def test_tfa_takes_the_wrong_axis_of_a_transposed_convolution():
    wrapper, golden = spectral("conv2d_transpose", 1, "float64")
    num_outputs, num_inputs = wrapper.layer.kernel.shape[2:]
    assert golden["start_u"].shape == (1, num_inputs)
    assert wrapper.u.shape == (num_outputs,)
    # On the kernel with its axes swapped, ours follows TFA's.
    swapped = SpectralNormalization(
        keras.layers.Conv2DTranspose(num_inputs, 3, dtype="float64")
    )
    swapped.build((None, 3, 3, num_outputs))
    swapped.layer.kernel.assign(golden["kernels"][0].swapaxes(2, 3))
    swapped.u.assign(golden["start_u"][0])
    ours = np.swapaxes(swapped.normalized_kernel(training=True), 2, 3)
    check_close(ours, golden["call_0/kernel"], "float64")


@PRECISIONS
@SAME_AXIS
def test_weight_normalization_descends_as_tfas(name, dtype):
    wrapper, golden = weight_normalized(name, dtype)
    inputs = tf.constant(golden["inputs"], dtype)
    targets = tf.constant(golden["targets"], dtype)
    moved = {
        "v": wrapper.layer.kernel,
        "gain": wrapper.gain,
        "bias": wrapper.layer.bias,
    }
    for step in range(RECORD["num_calls"]):
        values = {key: variable.numpy() for key, variable in moved.items()}
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = wrapper(inputs)
            loss = tf.reduce_mean(tf.square(outputs - targets))
        sources = {key: variable.value for key, variable in moved.items()}
        gradients = tape.gradient(loss, {**sources, "inputs": inputs})
        for key, value in {**values, "outputs": outputs}.items():
            check_close(value, golden[f"step_{step}/{key}"], dtype)
        for key, value in gradients.items():
            check_close(value, golden[f"step_{step}/{key}_gradient"], dtype)
        for key, variable in moved.items():
            step_size = RECORD["learning_rate"] * gradients[key]
            variable.assign(variable - step_size)


def test_tfa_normalises_a_transposed_convolution_by_inputs():
    wrapper, golden = weight_normalized("conv2d_transpose", "float64")
    squares = np.square(golden["kernel"])
    by_input = np.sqrt(squares.sum(axis=(0, 1, 2)))
    by_output = np.sqrt(squares.sum(axis=(0, 1, 3)))
    check_close(golden["step_0/gain"], by_input, "float64")
    check_close(wrapper.gain, by_output, "float64")
    # Both start from the layer without a wrapper.
    outputs = wrapper(golden["inputs"])
    check_close(outputs, golden["step_0/outputs"], "float64")


@pytest.mark.parametrize("case", RECORD["averages"])
def test_averages_are_tfas(case):
    golden = goldens("moving_average", case)
    decay, dynamic = RECORD["averages"][case]
    average, network = [
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        for _ in range(2)
    ]
    for model in (average, network):
        model.weights[0].assign(golden["start"])
    for step in range(RECORD["num_averaged_steps"]):
        network.weights[0].assign(golden[f"step_{step}/variable"])
        # Ours always warms up; TFA's constant decay is ours after a long time.
        age = step if dynamic else step + 10**6
        update_averages(average, network, decay, tf.constant(age))
        ours = average.weights[0]
        check_close(ours, golden[f"step_{step}/average"], "float32")


def test_averages_of_tensorflow_are_tfas_too():
    """`num_updates` gives the same warm-up."""
    golden = goldens("moving_average", "dynamic_0.3")
    decay, _ = RECORD["averages"]["dynamic_0.3"]
    variable, step = tf.Variable(golden["start"]), tf.Variable(0)
    averages = tf.train.ExponentialMovingAverage(decay, num_updates=step)
    averages.apply([variable])
    for number in range(RECORD["num_averaged_steps"]):
        step.assign(number)
        variable.assign(golden[f"step_{number}/variable"])
        averages.apply([variable])
        tfas = golden[f"step_{number}/average"]
        check_close(averages.average(variable), tfas, "float32")
