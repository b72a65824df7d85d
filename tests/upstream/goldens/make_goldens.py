"""Records what the real tensorflow-addons computes.

Runs in the environment of requirements-addons.txt, where nothing of this
project runs; README.md in this folder says how. Writes an .npz file for each
part and goldens.json beside this file.
"""

import hashlib
import json
import pathlib
import platform
import sys

import keras
import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

FOLDER = pathlib.Path(__file__).parent
# Of Keras 2 and Keras 3 alike. All numbers of channels differ, so that no
# axis can be taken for another.
LAYERS = {
    "dense": ("Dense", {"units": 4, "activation": "tanh"}),
    "conv2d": (
        "Conv2D",
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"},
    ),
    "conv2d_transpose": (
        "Conv2DTranspose",
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"},
    ),
}
INPUT_SHAPES = {
    "dense": (6, 5),
    "conv2d": (2, 6, 6, 3),
    "conv2d_transpose": (2, 3, 3, 5),
}
# Channels of the inputs, units that TFA leaves.
MAXOUT = {
    "2d_to_4": ((7, 12), 4),
    "2d_to_3": ((7, 12), 3),
    "4d_to_4": ((2, 3, 3, 8), 4),
    "4d_to_1": ((2, 3, 3, 8), 1),
    "4d_to_8": ((2, 3, 3, 8), 8),
}
POWER_ITERATIONS = (1, 3)
NUM_CALLS = 3
LEARNING_RATE = 0.1
# Decay, whether it warms up. The warm-up reaches 0.3 after three steps.
AVERAGES = {
    "dynamic_0.3": (0.3, True),
    "dynamic_0.99": (0.99, True),
    "constant_0.9": (0.9, False),
}
NUM_AVERAGED_STEPS = 12


def maxout(draw):
    """Yields inputs and outputs of `tfa.layers.Maxout`."""
    for case, (shape, num_units) in MAXOUT.items():
        inputs = draw(shape)
        yield f"{case}/inputs", inputs
        yield f"{case}/outputs", tfa.layers.Maxout(num_units)(inputs)


def spectral_normalization(draw):
    """Yields training calls of `tfa.layers.SpectralNormalization`."""
    for name in LAYERS:
        for power_iterations in POWER_ITERATIONS:
            for key, value in _spectral(name, power_iterations, draw):
                yield f"{name}_{power_iterations}/{key}", value


def _spectral(name, power_iterations, draw):
    inputs, layer = draw(INPUT_SHAPES[name]), _layer(name)
    wrapper = tfa.layers.SpectralNormalization(layer, power_iterations)
    wrapper.build(inputs.shape)
    kernels = draw((NUM_CALLS, *layer.kernel.shape))
    start = draw(wrapper.u.shape)
    layer.bias.assign(draw(layer.bias.shape))
    cotangent = draw(layer.compute_output_shape(inputs.shape))
    yield from {
        "inputs": inputs,
        "kernels": kernels,
        "bias": layer.bias,
        "start_u": start,
        "cotangent": cotangent,
    }.items()
    wrapper.u.assign(start)
    for call, kernel in enumerate(kernels):
        # TFA overwrites the kernel: it gets a fresh one, u goes on.
        layer.kernel.assign(kernel)
        for key, value in _call(wrapper, inputs, cotangent).items():
            yield f"call_{call}/{key}", value
    layer.kernel.assign(kernels[0])
    wrapper.u.assign(start)
    for call in range(NUM_CALLS):
        wrapper(inputs, training=True)
        yield f"overwritten_{call}/kernel", layer.kernel
        yield f"overwritten_{call}/u", wrapper.u


def _call(wrapper, inputs, cotangent):
    inputs = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = wrapper(inputs, training=True)
        loss = tf.reduce_sum(outputs * cotangent)
    layer = wrapper.layer
    gradients = tape.gradient(loss, [layer.kernel, layer.bias, inputs])
    return {
        "u": wrapper.u,
        "kernel": layer.kernel,
        "outputs": outputs,
        "kernel_gradient": gradients[0],
        "bias_gradient": gradients[1],
        "inputs_gradient": gradients[2],
    }


def weight_normalization(draw):
    """Yields steps of SGD of `tfa.layers.WeightNormalization`."""
    for name in LAYERS:
        inputs, layer = draw(INPUT_SHAPES[name]), _layer(name)
        wrapper = tfa.layers.WeightNormalization(layer, data_init=False)
        wrapper.build(inputs.shape)
        wrapper.v.assign(draw(wrapper.v.shape))
        layer.bias.assign(draw(layer.bias.shape))
        yield f"{name}/inputs", inputs
        yield f"{name}/kernel", wrapper.v.numpy()
        yield f"{name}/bias", layer.bias.numpy()
        targets = draw(layer.compute_output_shape(inputs.shape))
        yield f"{name}/targets", targets
        for step in range(NUM_CALLS):
            for key, value in _descend(wrapper, inputs, targets).items():
                yield f"{name}/step_{step}/{key}", value


def _descend(wrapper, inputs, targets):
    inputs = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = wrapper(inputs)
        loss = tf.reduce_mean(tf.square(outputs - targets))
    moved = {"v": wrapper.v, "gain": wrapper.g, "bias": wrapper.layer.bias}
    gradients = tape.gradient(loss, {**moved, "inputs": inputs})
    # Copies of what the step started from, before it moves.
    values = {name: variable.numpy() for name, variable in moved.items()}
    for name, variable in moved.items():
        variable.assign_sub(LEARNING_RATE * gradients[name])
    return {
        **values,
        "outputs": outputs,
        **{f"{name}_gradient": value for name, value in gradients.items()},
    }


def moving_average(draw):
    """Yields variables and averages of `tfa.optimizers.MovingAverage`."""
    for case, (decay, dynamic) in AVERAGES.items():
        kernel, gradients = draw((3, 2)), draw((NUM_AVERAGED_STEPS, 3, 2))
        # TFA takes the decay in float32, so all of it is in float32.
        variable = tf.Variable(kernel, dtype=tf.float32)
        optimizer = tfa.optimizers.MovingAverage(
            tf.keras.optimizers.legacy.SGD(LEARNING_RATE),
            average_decay=decay,
            dynamic_decay=dynamic,
        )
        yield f"{case}/start", variable.numpy()
        for step, gradient in enumerate(gradients):
            pairs = [(tf.constant(gradient, tf.float32), variable)]
            optimizer.apply_gradients(pairs)
            average = optimizer.get_slot(variable, "average")
            yield f"{case}/step_{step}/variable", variable.numpy()
            yield f"{case}/step_{step}/average", average.numpy()


def _layer(name):
    kind, options = LAYERS[name]
    return getattr(tf.keras.layers, kind)(**options)


def record():
    """Returns what the goldens were made of and by."""
    script = pathlib.Path(__file__)
    return {
        "command": "python " + " ".join(sys.argv),
        "script_sha256": hashlib.sha256(script.read_bytes()).hexdigest(),
        "versions": {
            "python": platform.python_version(),
            "tensorflow-addons": tfa.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "maxout": {case: units for case, (_, units) in MAXOUT.items()},
        "layers": LAYERS,
        "power_iterations": POWER_ITERATIONS,
        "num_calls": NUM_CALLS,
        "learning_rate": LEARNING_RATE,
        "averages": AVERAGES,
        "num_averaged_steps": NUM_AVERAGED_STEPS,
    }


def main():
    """Writes all files."""
    # float64 tells a wrong formula from rounding.
    tf.keras.backend.set_floatx("float64")
    parts = (
        maxout,
        spectral_normalization,
        weight_normalization,
        moving_average,
    )
    for part in parts:
        draw = np.random.default_rng(seed=0).standard_normal
        # Each value is copied as it comes: variables move on.
        arrays = {name: np.array(value) for name, value in part(draw)}
        np.savez_compressed(FOLDER / f"{part.__name__}.npz", **arrays)
    text = json.dumps(record(), indent=2) + "\n"
    (FOLDER / "goldens.json").write_text(text)


if __name__ == "__main__":
    main()
