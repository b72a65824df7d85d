"""Codes as files, written batch by batch. `WRITERS` has the formats.

A writer keeps one batch in memory.
"""

import tempfile
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from ali_keras import files
from ali_keras.writing.examples import serialize_example


def write_code_arrays(path, num_examples, batches):
    """Writes one NumPy array for each key of the batches (npz).

    Args:
        path: Path of the file.
        num_examples: Integer. Examples in all batches.
        batches: Iterator of dictionaries of arrays, batch first.
    """
    with files.replacing(path) as temporary:
        # Arrays grow on disk, beside the output, and are packed at the end.
        with tempfile.TemporaryDirectory(dir=temporary.parent) as folder:
            names = _fill_arrays(Path(folder), num_examples, batches)
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as pack:
                for name in names:
                    pack.write(Path(folder, name), name)


def write_code_examples(path, num_examples, batches):
    """Writes tf.train.Examples (TFRecord), see `write_code_arrays`."""
    del num_examples
    with files.replacing(path) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for batch in batches:
                for values in zip(*batch.values(), strict=True):
                    row = dict(zip(batch, values, strict=True))
                    writer.write(serialize_example(row))


def _fill_arrays(folder, num_examples, batches):
    arrays, start = {}, 0
    for batch in batches:
        for name, values in batch.items():
            if name not in arrays:
                arrays[name] = np.lib.format.open_memmap(
                    folder / f"{name}.npy",
                    mode="w+",
                    dtype=values.dtype,
                    shape=(num_examples, *values.shape[1:]),
                )
            arrays[name][start : start + len(values)] = values
        start += len(values)
    for array in arrays.values():
        array.flush()
    return [f"{name}.npy" for name in arrays]


WRITERS = {"npz": write_code_arrays, "tfrecord": write_code_examples}
