"""Convolutions whose kernel is as large as the image, as matrix products.

They compute what Keras' layers do, with the same weights, but many times
faster on CPUs: those know small kernels only.
"""

import keras


@keras.saving.register_keras_serializable(package="ali_keras")
class FullSizeConv2D(keras.layers.Conv2D):
    """`Conv2D` from a map of its kernel's size to a 1x1 map."""

    def convolution_op(self, inputs, kernel):
        kernel = keras.ops.reshape(kernel, (-1, self.filters))
        inputs = keras.ops.reshape(inputs, (-1, kernel.shape[0]))
        outputs = keras.ops.matmul(inputs, kernel)
        return keras.ops.reshape(outputs, (-1, 1, 1, self.filters))


@keras.saving.register_keras_serializable(package="ali_keras")
class FullSizeConv2DTranspose(keras.layers.Conv2DTranspose):
    """`Conv2DTranspose` from a 1x1 map to a map of its kernel's size."""

    def call(self, inputs):
        channels = inputs.shape[-1]
        inputs = keras.ops.reshape(inputs, (-1, channels))
        # (height, width, maps, channels), so that the map comes out flat.
        kernel = keras.ops.reshape(self.kernel, (-1, channels))
        outputs = keras.ops.matmul(inputs, keras.ops.transpose(kernel))
        shape = (-1, *self.kernel_size, self.filters)
        outputs = keras.ops.reshape(outputs, shape)
        if self.use_bias:
            outputs = keras.ops.add(outputs, self.bias)
        return self.activation(outputs)
