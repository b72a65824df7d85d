"""The three networks, built from the tables of an `Architecture`."""

import keras

from ali_keras.architectures.spec import MEAN_AND_LOG_SIGMA
from ali_keras.networks.condition import joined
from ali_keras.networks.embedding import LabelEmbedding
from ali_keras.networks.layers import AppendNoise
from ali_keras.networks.layers import FlooredLogSigma
from ali_keras.networks.rows import RowBuilder

# Rows of encoder, decoder and discriminator together. The cycle's
# discriminator numbers its own from here on.
NUM_ROWS_AT_MOST = 500


def build_networks(
    architecture,
    latent_dim,
    channels,
    seed=0,
    dtype="float32",
    min_sigma=0.0,
    normalization="none",
    condition=None,
    embedding_dim=None,
    discriminator_classes=0,
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
        normalization: Of the discriminator's kernels, one of
            `settings.NORMALIZATIONS`.
        condition: `Condition`: each network takes a label or attributes as
            its last input. `None`: it does not.
        embedding_dim: Integer. Size of each network's embedding of it;
            `None` is `latent_dim`.
        discriminator_classes: Integer. Logits of the discriminator, one for
            each class; 0 is the table's single logit.

    Returns:
        Tuple of three `keras.Model`s:
        encoder: image `(batch, height, width, channels)` to a dictionary of
            `z_mean`, `z_log_sigma` `(batch, latent_dim)` and `features`, the
            layer before z after its activation. There is no `z_log_sigma`
            where the table's last row gives z itself.
        decoder: z `(batch, latent_dim)` to an image.
        discriminator: [image, z] to a logit `(batch, 1)`, or to those of the
            classes, `(batch, discriminator_classes)`.
    """
    networks = _NetworkBuilder(architecture, latent_dim, channels, seed, dtype)
    if condition:
        networks.embedding = LabelEmbedding(
            condition, embedding_dim or latent_dim, seed, dtype
        )
    encoder, decoder = networks.encoder(min_sigma), networks.decoder()
    discriminator = networks.discriminator(normalization, discriminator_classes)
    return encoder, decoder, discriminator


def build_cycle_discriminator(
    architecture,
    latent_dim,
    channels,
    seed=0,
    dtype="float32",
    normalization="none",
):
    """Builds the network that compares images with reconstructions.

    It is that of Li et al. (2017). Its rows are those of the discriminator,
    without those of z. Both images, concatenated along their channels, take the
    place of one.

    Arguments as `build_networks`.

    Returns:
        `keras.Model`: [image, other image] to a logit `(batch, 1)`.
    """
    networks = _NetworkBuilder(
        architecture, latent_dim, channels, seed, dtype, NUM_ROWS_AT_MOST
    )
    return networks.cycle_discriminator(normalization)


class _NetworkBuilder:
    """Joins the rows of an architecture's tables to networks."""

    def __init__(
        self, architecture, latent_dim, channels, seed, dtype, num_before=0
    ):
        self.architecture = architecture
        self.latent_dim = latent_dim
        size = architecture.image_size
        self.image_shape = (size, size, channels)
        self.dtype = dtype
        self.embedding = None
        # Outputs stay in full precision: losses and sampling start there.
        self.output_dtype = keras.DTypePolicy(dtype).variable_dtype
        self.rows = RowBuilder(
            architecture, latent_dim, channels, seed, num_before
        )

    def encoder(self, min_sigma):
        image = keras.Input(self.image_shape, name="image")
        h = image
        if self.architecture.encoder_noise:
            h = AppendNoise(
                self.architecture.encoder_noise, dtype=self.output_dtype
            )(image)
        *hidden, last = self.architecture.encoder
        features = self._rows(hidden, h, "encoder")
        # As in the authors' code, right before z: features know no label.
        label, h = self._with_label(features, "encoder")
        h = self._row(last, h, "encoder_moments", self.output_dtype)
        h = keras.layers.Flatten(dtype=self.output_dtype)(h)
        posterior = {"z_mean": h}
        if last.feature_maps == MEAN_AND_LOG_SIGMA:
            posterior = self._gaussian(h, min_sigma)
        features = keras.layers.Flatten(dtype=self.output_dtype)(features)
        outputs = {**posterior, "features": features}
        return keras.Model(joined(image, label), outputs, name="encoder")

    def _gaussian(self, moments, min_sigma):
        z_mean, z_log_sigma = keras.ops.split(moments, 2, axis=-1)
        if min_sigma:
            z_log_sigma = FlooredLogSigma(min_sigma, dtype=self.output_dtype)(
                z_log_sigma
            )
        return {"z_mean": z_mean, "z_log_sigma": z_log_sigma}

    def decoder(self):
        z = keras.Input((self.latent_dim,), name="z")
        *hidden, last = self.architecture.decoder
        label, z_map = self._with_label(self._as_map(z), "decoder")
        h = z_map
        h = self._rows(hidden, h, "decoder", z_map)
        image = self._row(last, h, "decoder_image", self.output_dtype, z_map)
        if image.shape[1:] != self.image_shape:
            raise ValueError(
                "The decoder's last row must give the architecture's image "
                f"shape {self.image_shape}. Received: {image.shape[1:]}"
            )
        return keras.Model(joined(z, label), image, name="decoder")

    def discriminator(self, normalization, num_classes=0):
        self.rows.normalization = normalization
        image = keras.Input(self.image_shape, name="image")
        z = keras.Input((self.latent_dim,), name="z")
        tables = self.architecture
        h_x = self._rows(tables.discriminator_x, image, "discriminator_x")
        h_z = self._as_map(z)
        h_z = self._rows(tables.discriminator_z, h_z, "discriminator_z")
        self._check_vector(h_x, "discriminator_x")
        h = keras.layers.Concatenate(dtype=self.dtype)([h_x, h_z])
        label, h = self._with_label(h, "discriminator")
        logit = self._logit(h, "discriminator", num_classes)
        inputs = joined(image, z, label)
        return keras.Model(inputs, logit, name="discriminator")

    def cycle_discriminator(self, normalization):
        self.rows.normalization = normalization
        image = keras.Input(self.image_shape, name="image")
        other = keras.Input(self.image_shape, name="other_image")
        h = keras.layers.Concatenate(dtype=self.dtype)([image, other])
        rows = self.architecture.discriminator_x
        h = self._rows(rows, h, "cycle_discriminator_x")
        logit = self._logit(h, "cycle_discriminator")
        return keras.Model([image, other], logit, name="cycle_discriminator")

    def _as_map(self, z):
        shape = (1, 1, self.latent_dim)
        return keras.layers.Reshape(shape, dtype=self.dtype)(z)

    def _with_label(self, h, network):
        """Returns a network's label input, and a map with its embedding.

        Without a condition it returns `None` and the map as it is.
        """
        if self.embedding is None:
            return None, h
        self._check_vector(h, f"{network}, where it takes the label,")
        label, embedded = self.embedding.embed(network)
        concatenate = keras.layers.Concatenate(dtype=self.dtype)
        return label, concatenate([h, embedded])

    def _logit(self, h, network, num_classes=0):
        *hidden, last = self.architecture.discriminator_xz
        if num_classes:
            last = last._replace(feature_maps=num_classes)
        h = self._rows(hidden, h, f"{network}_xz")
        logit = self._row(last, h, f"{network}_logit", self.output_dtype)
        return keras.layers.Flatten(dtype=self.output_dtype)(logit)

    def _check_vector(self, h, table):
        if h.shape[1:3] != (1, 1):
            raise ValueError(
                f"The table {table} must end at a 1x1 map. "
                f"Received: {h.shape[1]}x{h.shape[2]}"
            )

    def _rows(self, rows, h, prefix, z=None):
        for number, row in enumerate(rows, start=1):
            h = self._row(row, h, f"{prefix}_{number}", self.dtype, z)
        return h

    def _row(self, row, h, name, dtype, z=None):
        return self.rows.apply(row, h, name, dtype, z)
