"""Wrappers that normalise the kernel of a layer without changing its variable.

The kernel is treated as a matrix with one column for each output channel. Its
other axes are flattened. In Keras the output axis is the last one, except for
`Conv2DTranspose`, whose kernel is `(height, width, outputs, inputs)`.
"""

import keras
from keras import ops


class _KernelWrapper(keras.layers.Wrapper):
    """Calls the wrapped layer with a normalised copy of its kernel.

    The wrapper itself computes in the dtype of the variables. So kernels are
    normalised in float32, even if the layer computes in half precision.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, _WRAPPABLE):
            allowed = ", ".join(kind.__name__ for kind in _WRAPPABLE)
            raise ValueError(
                f"layer must be one of {allowed}. Received: layer={layer}"
            )
        super().__init__(
            layer,
            dtype=layer.variable_dtype,
            autocast=False,  # The layer casts its inputs.
            # The scope of `call` drops the layer's loss, so we add it here.
            activity_regularizer=layer.activity_regularizer,
            **kwargs,
        )
        self.supports_masking = layer.supports_masking

    def call(self, inputs, training=False):
        kernel = self.normalized_kernel(training)
        # Only the layer's own call knows its strides, padding, data format,
        # bias and dtypes. In this scope, it reads a tensor in place of the
        # kernel's variable: nothing is assigned, and gradients flow through
        # the tensor. The scope belongs to the thread and so to one replica.
        # The innermost scope hides outer ones, so we look the bias up here.
        values = [(self.layer.kernel, kernel)]
        if self.layer.use_bias:
            values.append((self.layer.bias, self.layer.bias.value))
        with keras.StatelessScope(values):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs, training=False):
        return self.layer.compute_output_spec(inputs)

    def get_config(self):
        config = super().get_config()
        del config["dtype"]  # The wrapper takes it from the layer.
        return config

    @property
    def _output_axis(self):
        """Axis of the kernel that counts the layer's output channels."""
        if isinstance(self.layer, keras.layers.Conv2DTranspose):
            return 2
        return len(self.layer.kernel.shape) - 1


_WRAPPABLE = (
    keras.layers.Dense,
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
)


@keras.saving.register_keras_serializable(package="ali_keras")
class SpectralNormalization(_KernelWrapper):
    """Divides a layer's kernel by its largest singular value.

    The layer computes with `W / sigma` (Miyato et al. 2018, Algorithm 1). `u`
    is a stored estimate of the singular vector on the side of the outputs.
    Each call runs `power_iterations` steps from it:
    `v = unit(W u)`, `u = unit(transpose(W) v)`, `sigma = transpose(v) W u`.
    Gradients flow through `W` in `sigma`, not through `u` and `v` (eq. 12).

    Calls with `training=True` store the new `u`. Other calls compute the same
    and store nothing. No call assigns the kernel. In contrast,
    `keras.layers.SpectralNormalization` (Keras 3.15) overwrites it with
    `W / sigma`, so its gradient does not include `sigma`. A kernel of zeros
    and its `u` do not change.

    `u` has the dtype of the variables. Under a distribution strategy, all
    replicas store the `u` of the first one. It is the same on all of them,
    because their kernels are equal.

    Args:
        layer: `keras.layers.Dense`, `Conv2D` or `Conv2DTranspose`. The wrapper
            takes over its dtype policy.
        power_iterations: Integer, at least 1.
        seed: Integer that fixes the initial `u`, a draw from N(0, I).
        **kwargs: `name` and `trainable`, as `keras.layers.Layer`.

    Call arguments:
        inputs: As the layer's.
        training: Whether to store `u`. Defaults to `False`.

    Raises:
        ValueError: if the layer is of another class, or if
            `power_iterations` is below 1.

    Reference:
        [Miyato et al., Spectral Normalization for Generative Adversarial
        Networks](https://arxiv.org/abs/1802.05957)
    """

    def __init__(self, layer, power_iterations=1, seed=0, **kwargs):
        super().__init__(layer, **kwargs)
        if power_iterations < 1:
            raise ValueError(
                "power_iterations must be at least 1. "
                f"Received: power_iterations={power_iterations}"
            )
        self.power_iterations = power_iterations
        self.seed = seed

    def build(self, input_shape):
        super().build(input_shape)
        self.u = self.add_weight(
            name="u",
            shape=(self.layer.kernel.shape[self._output_axis],),
            initializer=keras.initializers.RandomNormal(1.0, seed=self.seed),
            trainable=False,
            aggregation="only_first_replica",
        )

    def normalized_kernel(self, training=False):
        """Returns `W / sigma`; if `training`, stores `u` as a call does."""
        kernel = ops.convert_to_tensor(self.layer.kernel)
        columns = ops.moveaxis(kernel, self._output_axis, -1)
        matrix = ops.reshape(columns, (-1, columns.shape[-1]))
        u, v = self._singular_vectors(ops.stop_gradient(matrix))
        if training:
            self.u.assign(u)
        sigma = ops.sum(v * ops.matmul(matrix, u))
        return kernel / ops.where(sigma > 0, sigma, 1)

    def _singular_vectors(self, matrix):
        old = u = ops.convert_to_tensor(self.u)
        for _ in range(self.power_iterations):
            v = _unit(ops.matmul(matrix, u))
            u = _unit(ops.matmul(v, matrix))
        # A vector of zeros would stay zero in all later steps.
        return ops.where(ops.any(u != 0), u, old), v

    def get_config(self):
        return {
            **super().get_config(),
            "power_iterations": self.power_iterations,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="ali_keras")
class WeightNormalization(_KernelWrapper):
    """Learns direction and length of each output's weights separately.

    The layer computes with `w = gain * v / norm(v)` (Salimans and Kingma 2016,
    eq. 2). `v` is the layer's kernel, and the norm is over all axes except
    that of the outputs. `gain` and `v` are trainable. `gain` starts as
    `norm(v)`, so the layer starts as it would without the wrapper. The
    wrapper does not have the paper's initialisation from a first batch of
    data, which needs a pass over data before the training.

    A norm below 1e-6 counts as 1e-6.

    Args:
        layer: `keras.layers.Dense`, `Conv2D` or `Conv2DTranspose`. The wrapper
            takes over its dtype policy.
        **kwargs: `name` and `trainable`, as `keras.layers.Layer`.

    Call arguments:
        inputs: As the layer's.

    Raises:
        ValueError: if the layer is of another class.

    Reference:
        [Salimans and Kingma, Weight Normalization](
        https://arxiv.org/abs/1602.07868)
    """

    def build(self, input_shape):
        super().build(input_shape)
        # An initializer, because Keras may create both variables later.
        self.gain = self.add_weight(
            name="gain",
            shape=(self.layer.kernel.shape[self._output_axis],),
            initializer=lambda shape, dtype: ops.reshape(self._norm(), shape),
        )

    def normalized_kernel(self, training=False):
        """Returns `gain * v / norm(v)`, whether `training` or not."""
        norm = self._norm()
        scale = ops.reshape(self.gain, norm.shape) / norm
        return self.layer.kernel * scale

    def _norm(self):
        kernel = ops.convert_to_tensor(self.layer.kernel)
        axes = [n for n in range(len(kernel.shape)) if n != self._output_axis]
        squares = ops.sum(ops.square(kernel), axis=axes, keepdims=True)
        return ops.sqrt(ops.maximum(squares, 1e-12))


def _unit(vector):
    return ops.divide_no_nan(vector, ops.norm(vector))
