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
        stream: Integer, different for each dropout layer of a network.

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

    def call(self, inputs):
        return keras.ops.log(
            self.floor + (1 - self.floor) * keras.ops.exp(inputs)
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "floor": self.floor}
