"""Images as a folder, one sub-folder a class, as `folder:PATH` reads it."""

import itertools
import os
import pathlib
import tempfile

import tensorflow as tf

from ali_keras import files
from ali_keras.data.preprocessing import to_uint8
from ali_keras.errors import InputError


def write_image_folder(path, batches, class_names=None):
    """Writes images as PATH/CLASS/NUMBER.png, all of them or none.

    Args:
        path: Path of a folder that does not exist yet, or is empty.
        batches: Iterator of dictionaries of arrays: `image`, floats in
            [0, 1], and `label`.
        class_names: List of the names of the classes. `None`: their numbers.

    Raises:
        InputError: if the folder is not empty or cannot be written.
    """
    path = pathlib.Path(path)
    check_is_free(path)
    with files.writable(path), files.making(path.parent):
        with tempfile.TemporaryDirectory(
            dir=path.parent, prefix=".writing."
        ) as folder:
            # One that others may read, unlike the temporary one itself.
            whole = pathlib.Path(folder, "whole")
            whole.mkdir()
            _write_all(whole, batches, class_names)
            os.replace(whole, path)


def check_is_free(path):
    """Checks that a path can be that of a new folder.

    Raises:
        InputError: if it is a file, or a folder that holds something.
    """
    path = pathlib.Path(path)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InputError(
            "The output must be a new folder, or an empty one, for images in "
            f"sub-folders. Received: {path}"
        )


def _write_all(folder, batches, class_names):
    numbers = {}
    for batch in batches:
        images = to_uint8(batch["image"])
        for image, label in zip(images, batch["label"], strict=True):
            if label not in numbers:
                name = class_names[label] if class_names else str(label)
                (folder / name).mkdir()
                numbers[label] = (folder / name, itertools.count())
            place, count = numbers[label]
            png = tf.io.encode_png(image).numpy()
            (place / f"{next(count):06}.png").write_bytes(png)
