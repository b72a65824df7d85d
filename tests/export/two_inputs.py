"""Hand-made servables that take a label beside image or z.

No model of the project is conditional yet. These stand for what one would
export: the same signatures, with one input more.
"""

import numpy as np
import tensorflow as tf

import ali_keras
from ali_keras import files
from export import servables
from export import warmup

IMAGE_SHAPE = (4, 4, 1)
LATENT_DIM = 3
NUM_CLASSES = 2


class Conditional(tf.Module):
    """An encoder and a decoder whose answers depend on the label."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        down, up = rng.normal(0, 0.3, (2, 16, LATENT_DIM)).astype("float32")
        self.down, self.up = tf.Variable(down), tf.Variable(up.T)
        self.table = tf.Variable([[-1.0, 0.0, 1.0], [1.0, 2.0, -2.0]])

    def encode(self, image, label):
        rows = tf.reshape(image, [-1, 16])
        return {"z_mean": rows @ self.down + tf.gather(self.table, label)}

    def features(self, image, label):
        return {"features": tf.nn.relu(self.encode(image, label)["z_mean"])}

    def encode_jpeg(self, image_bytes, label):
        def decode(encoded):
            pixels = tf.io.decode_png(encoded, channels=1)
            return tf.ensure_shape(pixels, IMAGE_SHAPE) / 255

        image = tf.map_fn(decode, image_bytes, fn_output_signature="float32")
        return self.encode(image, label)

    def decode(self, z, label):
        rows = (z + tf.gather(self.table, label)) @ self.up
        return {"image": tf.reshape(tf.sigmoid(rows), [-1, *IMAGE_SHAPE])}


def write(folder, dataset="", data_dir=None, batch_size=None):
    """Writes both servables, and beside them what the exporters read.

    Args:
        folder: Path; gets encoder/1 and decoder/1.
        dataset: Name of the data set that they say they were trained on.
        data_dir: Its folder.
        batch_size: Integer, or `None` for any.

    Returns:
        `Conditional`.
    """
    model = Conditional()
    image = tf.TensorSpec((batch_size, *IMAGE_SHAPE), name="image")
    encoded = tf.TensorSpec((batch_size,), tf.string, "image_bytes")
    z = tf.TensorSpec((batch_size, LATENT_DIM), name="z")
    label = tf.TensorSpec((batch_size,), tf.int64, "label")
    endpoints = {
        "encoder": {
            model.encode: [image, label],
            model.features: [image, label],
            model.encode_jpeg: [encoded, label],
        },
        "decoder": {model.decode: [z, label]},
    }
    config = ali_keras.Config.from_preset(
        "mnist", dataset, data_dir=data_dir, precision="float32"
    )
    for name, functions in endpoints.items():
        path = folder / name / "1"
        signatures = {
            function.__name__: tf.function(function, input_signature=inputs)
            for function, inputs in functions.items()
        }
        tf.saved_model.save(model, str(path), signatures)
        extra = path / servables.EXTRA
        files.write_json(extra / "servable.json", describe(batch_size))
        config.write(extra / "config.json")
        warmup.write(path, name, servables.load(path).signatures)
    return model


def describe(batch_size=None):
    """What the servables say of themselves."""
    return {
        "image_shape": list(IMAGE_SHAPE),
        "image_dtype": "float32",
        "image_range": [0.0, 1.0],
        "latent_dim": LATENT_DIM,
        "prior": "normal",
        "batch_size": batch_size,
        "dataset": "",
        "preprocessing": None,
        "labels": None,
    }
