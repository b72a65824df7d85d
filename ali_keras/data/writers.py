"""Images and codes as files that other programs read.

`WRITERS` take images and their z at once, `STREAM_WRITERS` take batches of
arrays and keep one batch in memory.
"""

import tempfile
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from ali_keras import files
from ali_keras.data.examples import serialize_example
from ali_keras.data.preprocessing import to_uint8
from ali_keras.errors import InputError
from ali_keras.plotting import grids


def write_image_grid(path, images, z):
    """Writes images as one PNG grid; z is left out."""
    del z
    grids.write_png(path, grids.grid(images))


def write_image_arrays(path, images, z):
    """Writes `image` (uint8) and `z` (float32) as NumPy arrays (npz)."""
    _write_arrays(path, to_uint8(images), z)


def write_point_arrays(path, points, z):
    """Writes `image` and `z`, both float32, as NumPy arrays (npz)."""
    _write_arrays(path, points, z)


def write_image_examples(path, images, z):
    """Writes tf.train.Examples (TFRecord): `image` (PNG) and `z`."""
    with files.replacing(path) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for image, code in zip(to_uint8(images), z, strict=True):
                png = tf.io.encode_png(image).numpy()
                writer.write(serialize_example({"image": png, "z": code}))


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


WRITERS = {
    "png": write_image_grid,
    "npz": write_image_arrays,
    "tfrecord": write_image_examples,
}
POINT_WRITERS = {"npz": write_point_arrays}
STREAM_WRITERS = {"npz": write_code_arrays, "tfrecord": write_code_examples}


def writer(form, bounded):
    """Finds the writer of a format for a model's images.

    Args:
        form: String, a key of `WRITERS`.
        bounded: Boolean. Whether they are images in [0, 1], and not points.

    Returns:
        Function as those in `WRITERS`.

    Raises:
        InputError: if points cannot be written so.
    """
    writers = WRITERS if bounded else POINT_WRITERS
    if form not in writers:
        raise InputError(
            f"--format must be one of {sorted(writers)} for points, which are "
            f"no images. Received: {form}"
        )
    return writers[form]


def _write_arrays(path, images, z):
    with files.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, image=images, z=z)


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
