"""Layers that Keras lacks."""

import keras
import tensorflow as tf

from ali_keras import noise


@keras.saving.register_keras_serializable(package="ali_keras")
class StatelessDropout(keras.layers.Layer):
    """Inverted dropout whose mask is a function of (seed, step).

    Keras' `Dropout` draws the same mask on every replica of a distribution
    strategy, and the state of its generator is not saved, so that a resumed
    run differs. This layer keeps no state: it draws from the key of the
    active `ali_keras.noise.scope`.

    Args:
        rate: Float in [0, 1). Share of the inputs set to zero; the others are
            scaled by `1 / (1 - rate)`.
        stream: Integer. Use a different one for each dropout layer of a
            network.

    Call arguments:
        inputs: Float tensor of any shape, batch first.
        training: Whether to drop. Defaults to `False`.

    Raises:
        ValueError: if `rate` is outside [0, 1), or if the layer is called
            with `training=True` outside a noise scope.
    """

    def __init__(self, rate, stream=0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must lie in [0, 1). Received: rate={rate}")
        self.rate = rate
        self.stream = stream
        self.supports_masking = True

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        uniform = noise.uniform_in_scope(self.stream, tf.shape(inputs))
        kept = tf.cast(uniform >= self.rate, inputs.dtype)
        return inputs * kept / (1 - self.rate)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        return {**config, "rate": self.rate, "stream": self.stream}


@keras.saving.register_keras_serializable(package="ali_keras")
class FlooredLogSigma(keras.layers.Layer):
    """Keeps sigma above a floor: `log(floor + (1 - floor) * exp(inputs))`.

    Inputs of 0 give sigma = 1, with any floor.

    Args:
        floor: Float in (0, 1). Smallest sigma.

    Call arguments:
        inputs: Float tensor, log-sigma without a floor.

    Raises:
        ValueError: if `floor` is outside (0, 1).
    """

    def __init__(self, floor, **kwargs):
        super().__init__(**kwargs)
        if not 0 < floor < 1:
            raise ValueError(
                f"floor must lie in (0, 1). Received: floor={floor}"
            )
        self.floor = floor
        self.supports_masking = True

    def call(self, inputs):
        return keras.ops.log(
            self.floor + (1 - self.floor) * keras.ops.exp(inputs)
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "floor": self.floor}


@keras.saving.register_keras_serializable(package="ali_keras")
class Maxout(keras.layers.Layer):
    """Returns the maximum of each group of adjacent channels.

    Maxout is by Goodfellow et al. (2013). The first `pieces` channels give
    the first output, as in Blocks, which the authors of ALI used. In the
    `Maxout` of tensorflow-addons, the channels of a group are `num_units`
    apart.

    Args:
        pieces: Integer, at least 1. Channels of a group.

    Call arguments:
        inputs: Float tensor `(..., channels)`.

    Returns:
        Tensor `(..., channels / pieces)`.

    Raises:
        ValueError: if `pieces` is below 1 or does not divide the channels.
    """

    def __init__(self, pieces, **kwargs):
        super().__init__(**kwargs)
        if pieces < 1:
            raise ValueError(f"pieces must be at least 1. Received: {pieces}")
        self.pieces = pieces
        self.supports_masking = True

    def build(self, input_shape):
        if input_shape[-1] % self.pieces:
            raise ValueError(
                f"The channels must be divisible by pieces={self.pieces}. "
                f"Received: {input_shape[-1]} channels"
            )
        super().build(input_shape)

    def call(self, inputs):
        units = inputs.shape[-1] // self.pieces
        shape = keras.ops.shape(inputs)[:-1] + (units, self.pieces)
        return keras.ops.max(keras.ops.reshape(inputs, shape), axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // self.pieces)

    def get_config(self):
        return {**super().get_config(), "pieces": self.pieces}


@keras.saving.register_keras_serializable(package="ali_keras")
class UntiedBias(keras.layers.Layer):
    """Adds a bias for each value of a map: `(height, width, channels)`.

    The bias of a convolution is tied: there is one for each channel. The last
    row of the authors' decoders has an untied bias, see
    `weights.set_output_bias`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        self.bias = self.add_weight(
            name="bias", shape=input_shape[1:], initializer="zeros"
        )
        super().build(input_shape)

    def call(self, inputs):
        return inputs + keras.ops.cast(self.bias, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="ali_keras")
class AppendNoise(keras.layers.Layer):
    """Appends channels of standard normal noise.

    With them, the output of a network is a draw from a distribution without a
    closed form. The change-of-variables encoder of Dumoulin et al. (2017,
    appendix) is such a network. The noise comes from the active
    `ali_keras.noise.scope`. Without a scope the noise is 0, and the output is
    a function of the input.

    Args:
        channels: Integer. Channels of noise.
        stream: Integer. Use a different one for each such layer of a network.

    Call arguments:
        inputs: Float tensor `(batch, ..., input_channels)`.

    Returns:
        Tensor `(batch, ..., input_channels + channels)`.
    """

    draws_noise = True  # Asked for by `latents.posterior`.

    def __init__(self, channels, stream=0, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.stream = stream
        self.supports_masking = True

    def call(self, inputs):
        shape = tf.concat([tf.shape(inputs)[:-1], [self.channels]], axis=0)
        if noise.is_in_scope():
            appended = noise.normal_in_scope(self.stream, shape)
        else:
            appended = tf.zeros(shape)
        appended = tf.cast(appended, inputs.dtype)
        return tf.concat([inputs, appended], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + self.channels)

    def get_config(self):
        return {
            **super().get_config(),
            "channels": self.channels,
            "stream": self.stream,
        }


@keras.saving.register_keras_serializable(package="ali_keras")
class FullSizeConv2D(keras.layers.Conv2D):
    """`Conv2D` from a map of its kernel's size to a 1x1 map.

    It is computed as a matrix product with the same weights. On CPUs this is
    many times faster, because their convolutions are made for small kernels.
    """

    def convolution_op(self, inputs, kernel):
        kernel = keras.ops.reshape(kernel, (-1, self.filters))
        inputs = keras.ops.reshape(inputs, (-1, kernel.shape[0]))
        outputs = keras.ops.matmul(inputs, kernel)
        return keras.ops.reshape(outputs, (-1, 1, 1, self.filters))


@keras.saving.register_keras_serializable(package="ali_keras")
class FullSizeConv2DTranspose(keras.layers.Conv2DTranspose):
    """`Conv2DTranspose` from a 1x1 map to a map of its kernel's size.

    It is computed as a matrix product with the same weights, see
    `FullSizeConv2D`.
    """

    def call(self, inputs):
        channels = inputs.shape[-1]
        inputs = keras.ops.reshape(inputs, (-1, channels))
        # (height, width, maps, channels): the product is then a flat map.
        kernel = keras.ops.reshape(self.kernel, (-1, channels))
        outputs = keras.ops.matmul(inputs, keras.ops.transpose(kernel))
        shape = (-1, *self.kernel_size, self.filters)
        outputs = keras.ops.reshape(outputs, shape)
        if self.use_bias:
            outputs = keras.ops.add(outputs, self.bias)
        return self.activation(outputs)
