"""Decoding in a servable, where files come from anyone: within limits.

What a request may cost is known before the first image is decoded: from the
number of files, their bytes, and the sizes in their headers.
"""

import tensorflow as tf

from ali_keras.data import image_header_ops
from ali_keras.data import preprocessing

# Of one request.
MAX_IMAGES = 1024
MAX_BYTES = 64 * 2**20
MAX_PIXELS_FACTOR = 16  # Times the pixels that one image may have.
# Of one image, unless the exporter states another number.
MAX_IMAGE_PIXELS = 2**24
# Larger images are decoded one after the other.
SMALL_IMAGE_PIXELS = 2**20


def decode(image_bytes, size, channels, dataset, max_image_pixels):
    """Decodes and preprocesses a batch of image files in a graph.

    Args:
        image_bytes: String tensor `(batch,)`, the contents of the files.
        size: Integer. Height and width of the result.
        channels: Integer, 1 or 3.
        dataset: As for `preprocessing.preprocess`.
        max_image_pixels: Integer. Of one image.

    Returns:
        float32 tensor `(batch, size, size, channels)` in [0, 1].

    Raises:
        tf.errors.InvalidArgumentError: if there are too many images, bytes or
            pixels, or a file is no image.
    """
    with tf.control_dependencies(_check_amount(image_bytes)):
        image_bytes = tf.identity(image_bytes)
    # One after the other. In parallel, the first bad file cancels the others,
    # and the answer may be "cancelled" in place of the reason.
    num_pixels = tf.map_fn(
        image_header_ops.count_pixels,
        image_bytes,
        parallel_iterations=1,
        fn_output_signature=tf.int64,
    )
    checks = image_header_ops.check_counts(num_pixels, max_image_pixels)
    max_sum = MAX_PIXELS_FACTOR * max_image_pixels
    checks += [_at_most("pixels in all", max_sum, tf.reduce_sum(num_pixels))]
    with tf.control_dependencies(checks):
        image_bytes = tf.identity(image_bytes)

    def decode_all(parallel_iterations):
        return tf.map_fn(
            lambda x: preprocessing.preprocess(x, size, channels, dataset),
            image_bytes,
            parallel_iterations=parallel_iterations,
            fn_output_signature=tf.float32,
        )

    return tf.cond(
        tf.reduce_max(num_pixels) > SMALL_IMAGE_PIXELS,
        lambda: decode_all(1),
        lambda: decode_all(10),
    )


def _check_amount(image_bytes):
    lengths = tf.cast(tf.strings.length(image_bytes), tf.int64)
    return [
        _at_most("images", MAX_IMAGES, tf.size(image_bytes)),
        _at_most("bytes of images", MAX_BYTES, tf.reduce_sum(lengths)),
    ]


def _at_most(what, allowed, received):
    message = f"A request must have at most {allowed} {what}. Received:"
    return tf.debugging.Assert(received <= allowed, [message, received])
