"""What the servables answer: each signature as a function of named tensors.

Inputs and outputs have names. A conditional model will take its label or
attributes as one input more, by a name of its own.
"""

import keras
import tensorflow as tf

from ali_keras import noise
from ali_keras.data import preprocessing
from ali_keras.latents import posterior
from ali_keras.networks.svm_features import with_svm_features

from . import encoded_images

MAX_COUNT = 1024  # Images of one call of `generate`.


class Signatures:
    """The endpoints of a model's servables.

    Each method returns a `keras.export.ExportArchive`, whose first endpoint
    is also `serving_default`. Bad input fails in the graph: a pixel out of
    range or NaN, an empty batch, another shape.

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
        shape = (batch_size, *model.encoder.input_shape[1:])
        self.image = tf.TensorSpec(shape, image_dtype, "image")
        self.encoded = tf.TensorSpec((batch_size,), tf.string, "image_bytes")
        self.z = tf.TensorSpec((batch_size, model.latent_dim), name="z")
        self.seed = tf.TensorSpec((), tf.int32, "seed")
        self.count = tf.TensorSpec((), tf.int32, "count")

    def encoder(self):
        """Signatures `encode`, `sample`, `features` and `encode_jpeg`."""
        encoder = with_svm_features(self.model.encoder_ema)

        def encode(image):
            return _without_features(encoder(self._take(image)))

        def sample(image, seed):
            key = noise.fold(seed, noise.POSTERIOR)
            image = self._take(image)
            return {"z": posterior.encode(encoder, image, key, training=False)}

        def features(image):
            outputs = encoder(self._take(image))
            return {k: outputs[k] for k in ("features", "svm_features")}

        def encode_jpeg(image_bytes):
            image = self._decode_images(image_bytes)
            return _without_features(encoder(image))

        endpoints = {
            encode: [self.image],
            sample: [self.image, self.seed],
            features: [self.image],
        }
        if self.model.bounded:  # Points are no images.
            endpoints[encode_jpeg] = [self.encoded]
        return _archive([encoder], endpoints)

    def decoder(self):
        """Signatures `decode` and `generate`."""
        decoder = self.model.decoder_ema

        def decode(z):
            z = tf.debugging.check_numerics(_not_empty(z), "z must be finite")
            return {"image": self._give(decoder(z))}

        def generate(seed, count):
            allowed = tf.logical_and(count >= 1, count <= MAX_COUNT)
            message = f"count must lie in [1, {MAX_COUNT}]. Received:"
            with tf.control_dependencies(
                [tf.debugging.Assert(allowed, [message, count])]
            ):
                z = self.model.sample_prior(tf.identity(count), seed)
            return {"image": self._give(decoder(z)), "z": z}

        return _archive(
            [decoder], {decode: [self.z], generate: [self.seed, self.count]}
        )

    def reconstructor(self):
        """Signature `reconstruct`: x to x', and their mean squared error."""
        encoder, decoder = self.model.encoder_ema, self.model.decoder_ema

        def reconstruct(image):
            image = self._take(image)
            reconstruction = decoder(encoder(image)["z_mean"])
            error = tf.reduce_mean(
                tf.math.squared_difference(image, reconstruction), [1, 2, 3]
            )
            return {"image": self._give(reconstruction), "error": error}

        return _archive([encoder, decoder], {reconstruct: [self.image]})

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
