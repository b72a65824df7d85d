"""Rows of values as tf.train.Examples, the records of TFRecord files."""

import numpy as np
import tensorflow as tf


def serialize_example(row):
    """Serializes a row of values as a tf.train.Example.

    Args:
        row: Dictionary by name. Strings and bytes become a `bytes_list`,
            integers an `int64_list`, floats a `float_list`. A value may be a
            number or an array of one dimension.

    Returns:
        Bytes.
    """
    features = {name: _feature(value) for name, value in row.items()}
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString()


def _feature(value):
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    value = np.atleast_1d(value)
    if np.issubdtype(value.dtype, np.integer):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=value))
    return tf.train.Feature(float_list=tf.train.FloatList(value=value))
