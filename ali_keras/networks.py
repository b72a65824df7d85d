"""The three networks as tables that read like the papers' tables.

A table is a tuple of rows, a row is one convolution. `build_networks` turns
the tables of an `Architecture` into Keras models.
"""

import dataclasses
from typing import NamedTuple

import keras

from ali_keras.layers import FlooredLogSigma
from ali_keras.layers import StatelessDropout

# Feature maps that depend on the data or on the size of z.
CHANNELS = "channels"
MEAN_AND_LOG_SIGMA = "2 x latent_dim"


class Row(NamedTuple):
    """One row of an architecture table, columns as in Dumoulin et al. (2017).

    The order within a row is dropout (on the row's input), convolution, batch
    normalization, nonlinearity. A row with batch normalization has no bias.
    """

    operation: str  # "conv" or "transposed"
    kernel: int
    strides: int
    feature_maps: int | str
    batch_norm: bool = False
    dropout: float = 0.0
    nonlinearity: str = "leaky_relu"  # or "linear", "sigmoid"
    padding: str = "valid"


@dataclasses.dataclass(frozen=True)
class Architecture:
    """Tables of an ALI model, and the constants that all rows share.

    Attributes:
        encoder: Rows of Gz. The last gives mean and log-sigma of z.
        decoder: Rows of Gx, from z as a 1x1 map to the image.
        discriminator_x: Rows of D(x), down to a 1x1 map.
        discriminator_z: Rows of D(z).
        discriminator_xz: Rows of D(x, z), on both concatenated, to the logit.
        image_size: Integer. Height and width that the rows fit.
        negative_slope: Float. Slope of the leaky ReLU below 0.
        weight_stddev: Float. Initial weights are N(0, stddev^2); `None` means
            He et al. (2015), scaled by fan-in.
        batch_norm_momentum: Float in (0, 1). Of the moving statistics.
        batch_norm_epsilon: Float. Added to the variance.
    """

    encoder: tuple[Row, ...]
    decoder: tuple[Row, ...]
    discriminator_x: tuple[Row, ...]
    discriminator_z: tuple[Row, ...]
    discriminator_xz: tuple[Row, ...]
    image_size: int
    negative_slope: float
    weight_stddev: float | None
    batch_norm_momentum: float
    batch_norm_epsilon: float


def build_networks(
    architecture, latent_dim, channels, seed=0, dtype="float32", min_sigma=0.0
):
    """Builds encoder, decoder and discriminator of an architecture.

    Args:
        architecture: `Architecture`.
        latent_dim: Integer. Size of z.
        channels: Integer. Channels of the images.
        seed: Integer. Fixes the initial weights.
        min_sigma: Float in [0, 1). Floor of the encoder's sigma. The paper
            has none (0).
        dtype: Keras dtype policy, such as "float32" or "mixed_bfloat16".

    Returns:
        Tuple of three `keras.Model`s:
        encoder: image `(batch, height, width, channels)` in [0, 1] to a
            dictionary of `z_mean`, `z_log_sigma` `(batch, latent_dim)` and
            `features`, the layer before z after its activation.
        decoder: z `(batch, latent_dim)` to an image in [0, 1].
        discriminator: [image, z] to a logit `(batch, 1)`.
    """
    table = _TableBuilder(architecture, latent_dim, channels, seed, dtype)
    return table.encoder(min_sigma), table.decoder(), table.discriminator()


def copy_network(network, name, dtype):
    """Clones a network, its weights too, under another dtype policy."""

    def clone_layer(layer):
        config = layer.get_config()
        if "dtype" in config:  # Operations such as a split have none.
            config["dtype"] = dtype
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(network, clone_function=clone_layer)
    copy.set_weights(network.get_weights())
    copy.name = name
    return copy


class _TableBuilder:
    """Turns rows into Keras layers and numbers them."""

    def __init__(self, architecture, latent_dim, channels, seed, dtype):
        self.architecture = architecture
        self.latent_dim = latent_dim
        self.feature_maps = {
            CHANNELS: channels,
            MEAN_AND_LOG_SIGMA: 2 * latent_dim,
        }
        size = architecture.image_size
        self.image_shape = (size, size, channels)
        self.seed = seed
        self.dtype = dtype
        # Outputs stay in full precision: losses and sampling start there.
        self.output_dtype = keras.DTypePolicy(dtype).variable_dtype
        self.num_rows = 0

    def encoder(self, min_sigma):
        image = keras.Input(self.image_shape, name="image")
        *hidden, last = self.architecture.encoder
        features = self._rows(hidden, image, "encoder")
        moments = self._row(
            last, features, "encoder_moments", self.output_dtype
        )
        moments = keras.layers.Flatten(dtype=self.output_dtype)(moments)
        z_mean, z_log_sigma = keras.ops.split(moments, 2, axis=-1)
        if min_sigma:
            z_log_sigma = FlooredLogSigma(min_sigma, dtype=self.output_dtype)(
                z_log_sigma
            )
        features = keras.layers.Flatten(dtype=self.output_dtype)(features)
        outputs = {
            "z_mean": z_mean,
            "z_log_sigma": z_log_sigma,
            "features": features,
        }
        return keras.Model(image, outputs, name="encoder")

    def decoder(self):
        z = keras.Input((self.latent_dim,), name="z")
        *hidden, last = self.architecture.decoder
        h = keras.layers.Reshape((1, 1, self.latent_dim), dtype=self.dtype)(z)
        h = self._rows(hidden, h, "decoder")
        image = self._row(last, h, "decoder_image", self.output_dtype)
        if image.shape[1:] != self.image_shape:
            raise ValueError(
                "The decoder's last row must give the architecture's image "
                f"shape {self.image_shape}. Received: {image.shape[1:]}"
            )
        return keras.Model(z, image, name="decoder")

    def discriminator(self):
        image = keras.Input(self.image_shape, name="image")
        z = keras.Input((self.latent_dim,), name="z")
        h_z = keras.layers.Reshape((1, 1, self.latent_dim), dtype=self.dtype)(z)
        tables = self.architecture
        h_x = self._rows(tables.discriminator_x, image, "discriminator_x")
        h_z = self._rows(tables.discriminator_z, h_z, "discriminator_z")
        self._check_vector(h_x, "discriminator_x")
        *hidden, last = tables.discriminator_xz
        h = keras.layers.Concatenate(dtype=self.dtype)([h_x, h_z])
        h = self._rows(hidden, h, "discriminator_xz")
        logit = self._row(last, h, "discriminator_logit", self.output_dtype)
        logit = keras.layers.Flatten(dtype=self.output_dtype)(logit)
        return keras.Model([image, z], logit, name="discriminator")

    def _check_vector(self, h, table):
        if h.shape[1:3] != (1, 1):
            raise ValueError(
                f"The table {table} must end at a 1x1 map. "
                f"Received: {h.shape[1]}x{h.shape[2]}"
            )

    def _rows(self, rows, h, prefix):
        for number, row in enumerate(rows, start=1):
            h = self._row(row, h, f"{prefix}_{number}", self.dtype)
        return h

    def _row(self, row, h, name, dtype):
        self.num_rows += 1
        if row.dropout:
            h = StatelessDropout(
                row.dropout,
                stream=self.num_rows,
                dtype=dtype,
                name=f"{name}_dropout",
            )(h)
        h = self._convolution(row, name, dtype)(h)
        if row.batch_norm:
            h = keras.layers.BatchNormalization(
                momentum=self.architecture.batch_norm_momentum,
                epsilon=self.architecture.batch_norm_epsilon,
                synchronized=True,
                dtype=dtype,
                name=f"{name}_batch_norm",
            )(h)
        return self._nonlinearity(row, h, name, dtype)

    def _convolution(self, row, name, dtype):
        feature_maps = self.feature_maps.get(row.feature_maps, row.feature_maps)
        options = {
            "use_bias": not row.batch_norm,
            "kernel_initializer": self._initializer(),
            "dtype": dtype,
            "name": f"{name}_{row.operation}",
        }
        if row.kernel == row.strides == 1:
            # The same function, at a fraction of the time on CPUs.
            return keras.layers.Dense(feature_maps, **options)
        operations = {
            "conv": keras.layers.Conv2D,
            "transposed": keras.layers.Conv2DTranspose,
        }
        return operations[row.operation](
            feature_maps,
            row.kernel,
            strides=row.strides,
            padding=row.padding,
            **options,
        )

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
        if row.nonlinearity == "leaky_relu":
            return keras.layers.LeakyReLU(
                negative_slope=self.architecture.negative_slope,
                dtype=dtype,
                name=f"{name}_leaky_relu",
            )(h)
        return keras.layers.Activation(
            row.nonlinearity, dtype=dtype, name=f"{name}_{row.nonlinearity}"
        )(h)
