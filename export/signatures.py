"""What the servables answer: each signature as a function of named tensors.

Inputs and outputs have names. A conditional model takes its `label` or
`attributes` as one input more.
"""

import keras
import tensorflow as tf

from ali_keras import noise
from ali_keras.data import preprocessing
from ali_keras.latents import posterior
from ali_keras.networks.condition import joined
from ali_keras.networks.svm_features import with_svm_features

from . import encoded_images

MAX_COUNT = 1024  # Images of one call of `generate`.


class Signatures:
    """The endpoints of a model's servables.

    Each method returns a `keras.export.ExportArchive`, whose first endpoint
    is also `serving_default`. Bad input fails in the graph: a pixel or a
    label out of range or NaN, an empty batch, another shape.

    Args:
        model: `ALI`.
        dataset: TFDS name of the data that it was trained on, see
            `preprocessing.preprocess`.
        batch_size: Integer: only such batches are taken. `None`: any.
        image_dtype: "float32", images in [0, 1] (or points), or "uint8".
        max_image_pixels: Integer. Pixels that an encoded image may have.
    """

    def __init__(
        self,
        model,
        dataset=None,
        batch_size=None,
        image_dtype="float32",
        max_image_pixels=encoded_images.MAX_IMAGE_PIXELS,
    ):
        self.model = model
        self.dataset = dataset
        self.image_dtype = image_dtype
        self.max_image_pixels = max_image_pixels
        shape = (batch_size, *model.input_shape[1:])
        self.image = tf.TensorSpec(shape, image_dtype, "image")
        self.encoded = tf.TensorSpec((batch_size,), tf.string, "image_bytes")
        self.z = tf.TensorSpec((batch_size, model.latent_dim), name="z")
        self.seed = tf.TensorSpec((), tf.int32, "seed")
        self.count = tf.TensorSpec((), tf.int32, "count")
        # No input of an unconditional model, one of another.
        condition = model.condition
        self.labels = [condition.spec(batch_size)] if condition else []

    def encoder(self):
        """Signatures `encode`, `sample`, `features` and `encode_jpeg`."""
        encoder = with_svm_features(self.model.encoder_ema)

        def encode(image, label=None):
            inputs = joined(self._take(image), self._take_label(label))
            return _without_features(encoder(inputs))

        def sample(image, seed, label=None):
            key = noise.fold(seed, noise.POSTERIOR)
            image, label = self._take(image), self._take_label(label)
            z = posterior.encode(encoder, image, key, False, label)
            return {"z": z}

        def features(image, label=None):
            inputs = joined(self._take(image), self._take_label(label))
            outputs = encoder(inputs)
            return {k: outputs[k] for k in ("features", "svm_features")}

        def encode_jpeg(image_bytes, label=None):
            image = self._decode_images(image_bytes)
            inputs = joined(image, self._take_label(label))
            return _without_features(encoder(inputs))

        endpoints = {
            encode: [self.image, *self.labels],
            sample: [self.image, self.seed, *self.labels],
            features: [self.image, *self.labels],
        }
        if self.model.bounded:  # Points are no images.
            endpoints[encode_jpeg] = [self.encoded, *self.labels]
        return _archive([encoder], endpoints)

    def decoder(self):
        """Signatures `decode` and `generate`.

        Of a conditional model, `generate` draws an image for each label and
        takes no count.
        """
        decoder = self.model.decoder_ema

        def decode(z, label=None):
            z = tf.debugging.check_numerics(_not_empty(z), "z must be finite")
            inputs = joined(z, self._take_label(label))
            return {"image": self._give(decoder(inputs))}

        def generate(seed, count):
            return draw(seed, count)

        def generate_labels(seed, label):
            return draw(seed, tf.shape(label)[0], label)

        def draw(seed, count, label=None):
            allowed = tf.logical_and(count >= 1, count <= MAX_COUNT)
            message = f"count must lie in [1, {MAX_COUNT}]. Received:"
            with tf.control_dependencies(
                [tf.debugging.Assert(allowed, [message, count])]
            ):
                z = self.model.sample_prior(tf.identity(count), seed)
            inputs = joined(z, self._take_label(label))
            return {"image": self._give(decoder(inputs)), "z": z}

        endpoints = {decode: [self.z, *self.labels]}
        if self.labels:
            generate_labels.__name__ = "generate"
            endpoints[generate_labels] = [self.seed, *self.labels]
        else:
            endpoints[generate] = [self.seed, self.count]
        return _archive([decoder], endpoints)

    def reconstructor(self):
        """Signature `reconstruct`: x to x', and their mean squared error."""
        encoder, decoder = self.model.encoder_ema, self.model.decoder_ema

        def reconstruct(image, label=None):
            image, label = self._take(image), self._take_label(label)
            z = encoder(joined(image, label))["z_mean"]
            reconstruction = decoder(joined(z, label))
            error = tf.reduce_mean(
                tf.math.squared_difference(image, reconstruction), [1, 2, 3]
            )
            return {"image": self._give(reconstruction), "error": error}

        endpoints = {reconstruct: [self.image, *self.labels]}
        return _archive([encoder, decoder], endpoints)

    def classifier(self):
        """Signatures `classify` and, of images, `classify_jpeg`."""
        encoder = self.model.encoder_ema
        discriminator = self.model.discriminator_ema

        def classify(image):
            return probabilities(self._take(image))

        def classify_jpeg(image_bytes):
            return probabilities(self._decode_images(image_bytes))

        def probabilities(image):
            logits = discriminator([image, encoder(image)["z_mean"]])
            return {"probabilities": tf.nn.softmax(logits)}

        endpoints = {classify: [self.image]}
        if self.model.bounded:
            endpoints[classify_jpeg] = [self.encoded]
        return _archive([encoder, discriminator], endpoints)

    def _take(self, image):
        image = _not_empty(tf.ensure_shape(image, self.image.shape))
        return preprocessing.images_of(
            preprocessing.to_float(image), bounded=self.model.bounded
        )

    def _take_label(self, label):
        if label is None:
            return None
        return self.model.label_input(self.model.condition.check(label))

    def _give(self, image):
        if self.image_dtype == "uint8":
            return preprocessing.round_to_uint8(image)
        return image

    def _decode_images(self, image_bytes):
        _, size, _, channels = self.image.shape
        return encoded_images.decode(
            _not_empty(image_bytes),
            size,
            channels,
            self.dataset,
            self.max_image_pixels,
        )


def _archive(networks, endpoints):
    archive = keras.export.ExportArchive()
    for network in networks:
        archive.track(network)
    for function, inputs in endpoints.items():
        archive.add_endpoint(function.__name__, function, inputs)
    return archive


def _without_features(outputs):
    return {k: v for k, v in outputs.items() if not k.endswith("features")}


def _not_empty(batch):
    is_filled = tf.shape(batch)[0] > 0
    message = "A batch must hold at least one item. Received: none"
    with tf.control_dependencies([tf.debugging.Assert(is_filled, [message])]):
        return tf.identity(batch)
