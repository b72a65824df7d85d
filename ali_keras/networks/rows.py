"""One row of a table as Keras layers."""

import keras

from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import LATENT_DIM
from ali_keras.architectures.spec import MEAN_AND_LOG_SIGMA
from ali_keras.networks.layers import FullSizeConv2D
from ali_keras.networks.layers import FullSizeConv2DTranspose
from ali_keras.networks.layers import Maxout
from ali_keras.networks.layers import StatelessDropout
from ali_keras.networks.layers import UntiedBias
from ali_keras.networks.normalization import SpectralNormalization
from ali_keras.networks.normalization import WeightNormalization

# By the names in `settings.NORMALIZATIONS`.
_NORMALIZATIONS = {
    "none": lambda layer, seed: layer,
    "spectral": lambda layer, seed: SpectralNormalization(layer, seed=seed),
    "weight": lambda layer, seed: WeightNormalization(layer),
}


# A row draws dropout masks at two places at most. Each needs a stream of
# noise of its own: the row's number, and for the late one so many more.
LATE = 1000


class RowBuilder:
    """Turns rows into layers, and numbers them.

    Args:
        architecture: `Architecture`, whose constants the rows share.
        latent_dim: Integer. Size of z.
        channels: Integer. Channels of the images.
        seed: Integer. Fixes the initial weights.
        num_before: Integer. Rows that other builders have numbered: equal
            numbers would give equal weights and dropout masks.
    """

    def __init__(self, architecture, latent_dim, channels, seed, num_before=0):
        self.architecture = architecture
        self.feature_maps = {
            CHANNELS: channels,
            LATENT_DIM: latent_dim,
            MEAN_AND_LOG_SIGMA: 2 * latent_dim,
        }
        self.seed = seed
        self.normalization = "none"
        self.num_rows = num_before

    def apply(self, row, h, name, dtype, z=None):
        """Applies a row to a map, of which z may be a part.

        Args:
            row: `Row`.
            h: Keras tensor `(batch, height, width, maps)`.
            name: String. Begins the names of the row's layers.
            dtype: Keras dtype policy.
            z: Keras tensor `(batch, 1, 1, latent_dim)`, for rows that take it.

        Returns:
            Keras tensor.
        """
        self.num_rows += 1
        if row.with_z:
            h = keras.layers.Concatenate(dtype=dtype)([h, z])
        stream = self.num_rows
        h = _dropout(row.dropout, h, f"{name}_dropout", dtype, stream)
        h = self._convolution(row, h, name, dtype)
        if row.batch_norm:
            h = self._batch_norm(name, dtype)(h)
        stream = LATE + self.num_rows
        h = _dropout(row.late_dropout, h, f"{name}_late_dropout", dtype, stream)
        return self._nonlinearity(row, h, name, dtype)

    def _batch_norm(self, name, dtype):
        affine = self.architecture.batch_norm_affine
        return keras.layers.BatchNormalization(
            momentum=self.architecture.batch_norm_momentum,
            epsilon=self.architecture.batch_norm_epsilon,
            center=affine,
            scale=affine,
            synchronized=True,
            dtype=dtype,
            name=f"{name}_batch_norm",
        )

    def _convolution(self, row, h, name, dtype):
        feature_maps = self.feature_maps.get(row.feature_maps, row.feature_maps)
        bias = row.bias or ("none" if row.batch_norm else "tied")
        options = {
            "use_bias": bias == "tied",
            "kernel_initializer": self._initializer(),
            "dtype": dtype,
            "name": f"{name}_{row.operation}",
        }
        if row.kernel == row.strides == 1:
            # The same function, at a fraction of the time on CPUs.
            layer = keras.layers.Dense(feature_maps, **options)
        else:
            options |= {"strides": row.strides, "padding": row.padding}
            layer_class = _convolution_layer(row, h.shape[1:3])
            layer = layer_class(feature_maps, row.kernel, **options)
        h = _NORMALIZATIONS[self.normalization](layer, self.num_rows)(h)
        if bias == "untied":
            h = UntiedBias(dtype=dtype, name=f"{name}_bias")(h)
        return h

    def _initializer(self):
        # A seed of its own for each row: equal seeds give equal weights.
        seed = 1000 * self.seed + self.num_rows
        if self.architecture.weight_stddev is None:
            return keras.initializers.HeNormal(seed=seed)
        return keras.initializers.RandomNormal(
            stddev=self.architecture.weight_stddev, seed=seed
        )

    def _nonlinearity(self, row, h, name, dtype):
        if row.nonlinearity == "linear":
            return h
        options = {"dtype": dtype, "name": f"{name}_{row.nonlinearity}"}
        if row.nonlinearity == "leaky_relu":
            slope = self.architecture.negative_slope
            return keras.layers.LeakyReLU(negative_slope=slope, **options)(h)
        if row.nonlinearity == "maxout":
            return Maxout(self.architecture.maxout_pieces, **options)(h)
        return keras.layers.Activation(row.nonlinearity, **options)(h)


def _dropout(rate, h, name, dtype, stream):
    if not rate:
        return h
    return StatelessDropout(rate, stream=stream, dtype=dtype, name=name)(h)


def _convolution_layer(row, map_shape):
    is_valid = row.strides == 1 and row.padding == "valid"
    if row.operation == "transposed":
        if is_valid and map_shape == (1, 1):
            return FullSizeConv2DTranspose
        return keras.layers.Conv2DTranspose
    if is_valid and map_shape == (row.kernel, row.kernel):
        return FullSizeConv2D
    return keras.layers.Conv2D
