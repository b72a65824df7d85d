"""Images and their z as files. `WRITERS` has a function for each format."""

import numpy as np
import tensorflow as tf

from ali_keras import files
from ali_keras.data.preprocessing import to_uint8
from ali_keras.errors import InputError
from ali_keras.plotting import grids
from ali_keras.writing.examples import serialize_example


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


WRITERS = {
    "png": write_image_grid,
    "npz": write_image_arrays,
    "tfrecord": write_image_examples,
}
POINT_WRITERS = {"npz": write_point_arrays}


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
