"""Images and their z as files. `WRITERS` has a function for each format.

Images come in batches, and all formats but a grid keep one in memory.
"""

import zipfile

import numpy as np
import tensorflow as tf

from ali_keras import files
from ali_keras.data.preprocessing import to_uint8
from ali_keras.errors import InputError
from ali_keras.plotting import grids
from ali_keras.writing.arrays import write_arrays
from ali_keras.writing.examples import serialize_example


def write_image_grid(path, num_images, batches, num_columns=grids.NUM_COLUMNS):
    """Writes images as one PNG grid; z is left out.

    Arguments as all `WRITERS`:

    Args:
        path: Path of the file.
        num_images: Integer. Images in all batches.
        batches: Iterator of dictionaries of arrays: `image`, floats as the
            model decodes them, and `z`; of a conditional model also `label`
            or `attributes`.
        num_columns: Integer, of this format alone.
    """
    grids.check_number(num_images)
    images = np.concatenate([batch["image"] for batch in batches])
    grids.write_png(path, grids.grid(images, num_columns))


def write_image_arrays(path, num_images, batches):
    """Writes `image` (uint8), `z` (float32), `label` as NumPy arrays (npz)."""
    rounded = ({**b, "image": to_uint8(b["image"])} for b in batches)
    write_arrays(path, num_images, rounded, zipfile.ZIP_DEFLATED)


def write_point_arrays(path, num_points, batches):
    """Writes `image` and `z`, both float32, as NumPy arrays (npz)."""
    write_arrays(path, num_points, batches, zipfile.ZIP_DEFLATED)


def write_image_examples(path, num_images, batches):
    """Writes tf.train.Examples (TFRecord): `image` (PNG), `z`, `label`."""
    del num_images
    with files.replacing(path) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for batch in batches:
                batch = {**batch, "image": to_uint8(batch["image"])}
                for values in zip(*batch.values(), strict=True):
                    row = dict(zip(batch, values, strict=True))
                    row["image"] = tf.io.encode_png(row["image"]).numpy()
                    writer.write(serialize_example(row))


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
