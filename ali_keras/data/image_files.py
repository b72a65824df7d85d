"""Decoding of image files, and what is known of one before it is used."""

import collections
import hashlib
import os
from concurrent import futures

import tensorflow as tf

from ali_keras.data import image_header
from ali_keras.data import image_header_ops

ImageFile = collections.namedtuple("ImageFile", "path digest shape")
BadImage = collections.namedtuple("BadImage", "path reason")


def decode(encoded, channels, max_pixels, dtype=tf.uint8):
    """Decodes an image of an allowed size in a graph; of a GIF the first frame.

    Args:
        encoded: Scalar string tensor.
        channels: Integer; 0: as many as the file has.
        max_pixels: Integer.
        dtype: uint8 or uint16.

    Returns:
        Tensor `(height, width, channels)`.

    Raises:
        tf.errors.InvalidArgumentError: if it has more pixels, or cannot be
            decoded.
    """
    return tf.io.decode_image(
        image_header_ops.check(encoded, max_pixels),
        channels,
        dtype,
        expand_animations=False,
    )


def examine_all(paths, max_pixels):
    """Reads and decodes files, to know which of them are images.

    Args:
        paths: List of `pathlib.Path`s.
        max_pixels: Integer. An image of more is a bad one.

    Returns:
        Tuple of lists: `ImageFile`s and `BadImage`s.
    """
    with futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(lambda x: examine(x, max_pixels), paths))
    images = [x for x in found if isinstance(x, ImageFile)]
    return images, [x for x in found if isinstance(x, BadImage)]


def examine(path, max_pixels):
    """Returns the `ImageFile` or the `BadImage` that a file is."""
    try:
        content = path.read_bytes()
        image_header.check(content, max_pixels)
        shape = tf.io.decode_image(content, expand_animations=False).shape
    except OSError as error:
        return BadImage(path, error.strerror)
    except tf.errors.OpError as error:
        return BadImage(path, image_header.error_words(error))
    return ImageFile(path, hashlib.sha256(content).digest(), tuple(shape))
