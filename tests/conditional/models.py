"""Tiny conditional models, and images whose label decides what they show."""

import keras
import numpy as np

import ali_keras
from ali_keras.networks.builder import build_networks
from ali_keras.networks.condition import Condition
from tests import tiny

CLASSES = Condition("labels", 2)
ATTRIBUTES = Condition("attributes", 3)
LABELS = np.array([0, 1, 1, 0, 1, 0, 0, 1])
VECTORS = np.random.default_rng(1).random((8, 3), "float32")
TOLD = {"labels": LABELS, "attributes": VECTORS}


def networks(condition=CLASSES, dtype="float32", **options):
    """Encoder, decoder and discriminator of tests.tiny, told a label."""
    return build_networks(
        tiny.TINY, tiny.LATENT_DIM, 1, 0, dtype, condition=condition, **options
    )


def model(condition=CLASSES, objective=None, dtype="float32", **options):
    """A compiled tiny model."""
    ali = ali_keras.ALI(
        *networks(condition, dtype),
        *cycle_discriminator(objective, dtype),
        num_classes=condition.num_classes,
        seed=7,
        dtype=dtype,
        **options,
    )
    ali.compile(tiny.adam(), tiny.adam(), objective)
    return ali


def cycle_discriminator(objective, dtype):
    """A tuple of one, if the objective needs it."""
    if objective and objective.needs_cycle_discriminator:
        return (tiny.cycle_discriminator(dtype),)
    return ()


def user_networks(shape=(2,), dtype="float32"):
    """A user's own linear networks; one-hot labels, unless told otherwise."""
    layers = keras.layers
    image, z = keras.Input((4, 4, 1)), keras.Input((3,))
    label = [keras.Input(shape, dtype=dtype) for _ in range(3)]
    vector = label
    if dtype != "float32":
        vector = [layers.Embedding(2, 4)(each) for each in label]
    vector = [layers.Flatten()(v) if len(v.shape) > 2 else v for v in vector]
    flat = layers.Flatten()(image)
    mean = layers.Dense(3)(layers.Concatenate()([flat, vector[0]]))
    pixels = layers.Dense(16, "sigmoid")(layers.Concatenate()([z, vector[1]]))
    pair = layers.Concatenate()([flat, z, vector[2]])
    return (
        keras.Model([image, label[0]], mean),
        keras.Model([z, label[1]], layers.Reshape((4, 4, 1))(pixels)),
        keras.Model([image, z, label[2]], layers.Dense(1)(pair)),
    )


def striped_images(num, seed=0):
    """Images of two classes: bright on the left (0) or the right, and noise.

    Returns:
        Tuple of images `(num, 4, 4, 1)` and labels `(num,)`.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, num)
    images = np.where(np.arange(4) // 2 == labels[:, None], 0.9, 0.1)
    images = np.broadcast_to(images[:, None, :, None], (num, 4, 4, 1))
    noise = rng.uniform(-0.1, 0.1, (num, 4, 4, 1))
    return np.float32(images + noise), labels.astype("int32")
