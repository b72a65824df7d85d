"""Codes as files, written batch by batch. `WRITERS` has the formats.

A writer keeps one batch in memory.
"""

import tensorflow as tf

from ali_keras import files
from ali_keras.writing.arrays import write_arrays
from ali_keras.writing.examples import serialize_example


def write_code_examples(path, num_examples, batches):
    """Writes tf.train.Examples (TFRecord), see `arrays.write_arrays`."""
    del num_examples
    with files.replacing(path) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for batch in batches:
                for values in zip(*batch.values(), strict=True):
                    row = dict(zip(batch, values, strict=True))
                    writer.write(serialize_example(row))


WRITERS = {"npz": write_arrays, "tfrecord": write_code_examples}
