"""Vectors of attributes: what a data set says of an image, beside its class."""

import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras.errors import InputError

FEATURE = "attributes"


def names_of(builder):
    """Returns the names of the attributes of a data set's examples.

    Args:
        builder: `tfds.core.DatasetBuilder`, or `ImageFolder`.

    Returns:
        List of strings: of a dictionary of numbers, as CelebA has it, its
        keys in their order; of a vector its places.

    Raises:
        InputError: if there is no such feature.
    """
    features = builder.info.features
    feature = features[FEATURE] if FEATURE in features else None
    if isinstance(feature, tfds.features.FeaturesDict):
        if all(each.shape == () for each in feature.values()):
            return sorted(feature)
    elif isinstance(feature, tfds.features.Tensor):
        if len(feature.shape) == 1 and feature.shape[0]:
            return [str(place) for place in range(feature.shape[0])]
    raise InputError(
        "The data set must have a feature 'attributes', a vector or a "
        "dictionary of numbers, for conditional=attributes. Received: "
        f"{builder.name}, with {sorted(features)}"
    )


def vector_of(example):
    """Returns the attributes of an example as a float32 vector."""
    values = example[FEATURE]
    if isinstance(values, dict):
        values = [tf.cast(values[name], tf.float32) for name in sorted(values)]
    return tf.cast(values, tf.float32)
