"""Folders of small images, for the tests of `folder:PATH`."""

import io
import os

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from ali_keras import InputError
from ali_keras.data.image_folder import ImageFolder

COLOUR = (200, 40, 10)


def picture(seed=0, shape=(8, 8, 3)):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def encoded(pixels, form="png", mode=None, **options):
    """Bytes of an image file."""
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    image.convert(mode or image.mode).save(file, form, **options)
    return file.getvalue()


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def fill(folder, count=60, classes=("",), shape=(8, 8, 3)):
    """Writes PNG files, in turn into each class; returns the folder."""
    for number in range(count):
        path = folder / classes[number % len(classes)] / f"{number}.png"
        write(path, encoded(picture(number, shape)))
    return folder


def contents(folder, split):
    """The file bytes of a split."""
    return {
        (folder / os.fsdecode(x["file"])).read_bytes()
        for x in tfds.as_numpy(ImageFolder(folder).as_dataset(split))
    }


def refusal(folder, **options):
    """The one line with which a folder is refused."""
    with pytest.raises(InputError) as caught:
        ImageFolder(folder, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)
