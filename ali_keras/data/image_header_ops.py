"""What `image_header` does, as operations of a graph.

For records of TFDS and for servables, whose images are strings in a graph.
"""

import numpy as np
import tensorflow as tf

from ali_keras.data import image_header

# A GIF of more is taken for one that is made to be slow. Runs of full pieces,
# which all programs write, are skipped `_RUN` at a time.
MAX_GIF_STEPS = 20_000
_RUN = 64
_PNG = image_header.SIGNATURES[1]

_SIGNATURES = np.array(
    [
        (*signature, *[None] * (12 - len(signature)))
        for signature in image_header.SIGNATURES
    ]
)
_ANY = _SIGNATURES == None  # noqa: E711
_BYTES = np.where(_ANY, 0, _SIGNATURES).astype("int64")


def check(encoded, max_pixels):
    """Lets an encoded image pass whose header allows to decode it.

    Args:
        encoded: Scalar string tensor, the content of a file.
        max_pixels: Integer.

    Returns:
        The same tensor.

    Raises:
        tf.errors.InvalidArgumentError: if the file is none of
            `image_header.FORMATS`, or has more pixels.
    """
    checks = check_counts(count_pixels(encoded), max_pixels)
    with tf.control_dependencies(checks):
        return tf.identity(encoded)


def check_counts(num_pixels, max_pixels):
    """Asserts that images may be decoded.

    Args:
        num_pixels: int64 tensor of any shape, as of `count_pixels`.
        max_pixels: Integer.

    Returns:
        List of operations.
    """
    largest = tf.reduce_max(num_pixels)
    words = image_header.too_large(max_pixels)
    return [
        tf.debugging.Assert(
            tf.reduce_min(num_pixels) > 0, [image_header.UNKNOWN]
        ),
        tf.debugging.Assert(largest <= max_pixels, [words, largest]),
    ]


# It is traced once in a process, not once for each data set.
@tf.function(input_signature=[tf.TensorSpec((), tf.string)], autograph=False)
def count_pixels(encoded):
    """Does what `image_header.count_pixels` does, within a graph.

    Args:
        encoded: Scalar string tensor, the content of a file.

    Returns:
        Scalar int64 tensor.
    """
    header = tf.io.decode_raw(
        encoded, tf.uint8, fixed_length=image_header.HEADER_BYTES
    )
    header = tf.cast(header, tf.int64)

    # One node of the graph while it is not needed: few operations for PNG,
    # which most records of TFDS hold, and tiny ones.
    @tf.function(autograph=False, experimental_attributes={"_noinline": True})
    def count_others():
        return _count_others(encoded, header)

    return tf.cond(
        tf.reduce_all(header[: len(_PNG)] == [*_PNG]),
        lambda: _product(_numbers(header, (16, 20), (3, 2, 1, 0))),
        count_others,
    )


def _count_others(encoded, header):
    is_format = tf.reduce_all((header[:12] == _BYTES) | _ANY, axis=1)
    return tf.switch_case(
        # It is one of them, or none.
        tf.reduce_sum(tf.cast(is_format, tf.int32) * [1, 0, 2, 3, 4]),
        [
            lambda: tf.constant(0, tf.int64),
            lambda: _product(tf.io.extract_jpeg_shape(encoded)[:2]),
            lambda: _gif(encoded),
            lambda: _bmp(header),
            lambda: _webp(header),
        ],
    )


def _numbers(header, positions, powers):
    indices = np.add.outer(positions, range(len(powers)))
    weights = np.array([256**power for power in powers])
    return tf.reduce_sum(tf.gather(header, indices) * weights, axis=1)


def _product(sides):
    # The clip keeps a product in 63 bits.
    sides = tf.clip_by_value(tf.cast(sides, tf.int64), 0, 2**31)
    return tf.maximum(sides[0] * sides[1], 1)


def _bmp(header):
    sides = _numbers(header, (18, 22), (0, 1, 2, 3))
    return _product(tf.minimum(sides, 2**32 - sides))


def _webp(header):
    bits = _numbers(header, (21,), (0, 1, 2, 3))[0]
    lossless = tf.stack([bits, bits // 2**14]) % 2**14 + 1
    lossy = _numbers(header, (26, 28), (0, 1)) % 2**14
    extended = _numbers(header, (24, 27), (0, 1, 2)) + 1
    sides = tf.where(header[15] == ord("L"), lossless, lossy)
    return _product(tf.where(header[15] == ord("X"), extended, sides))


def _gif(encoded):
    data = tf.io.decode_raw(encoded + b"\0" * image_header.GIF_HEADER, tf.uint8)
    end = tf.maximum(tf.strings.length(encoded), image_header.GIF_HEADER)

    def step(position, in_data, frames, sides):
        return tf.cond(
            in_data,
            lambda: (*_skip_data(data, position), frames, sides),
            lambda: _read_block(data, position, end, frames, sides),
        )

    start = image_header.GIF_HEADER + _table(tf.cast(data[10], tf.int32))
    position, _, frames, sides = tf.while_loop(
        lambda position, *_: position < end,
        step,
        (start, False, tf.constant(0, tf.int64), tf.zeros(2, tf.int32)),
        maximum_iterations=MAX_GIF_STEPS,
        parallel_iterations=1,
    )
    num_pixels = frames * _product(sides)
    return tf.maximum(num_pixels, 1) * tf.cast(position >= end, tf.int64)


def _skip_data(data, position):
    # Pieces of up to 255 bytes, the last of which is empty.
    positions = position + 256 * tf.range(_RUN)
    lengths = tf.gather(data, tf.minimum(positions, tf.size(data) - 1))
    full = tf.reduce_sum(tf.math.cumprod(tf.cast(lengths == 255, tf.int32)))
    length = tf.cast(lengths[0], tf.int32)
    # One after the other, so that the walk cannot pass by an end.
    skipped = tf.where(full > 0, 256 * full, 1 + length)
    return position + skipped, length > 0


def _read_block(data, position, end, frames, sides):
    indices = tf.minimum(position + tf.range(10), tf.size(data) - 1)
    block = tf.cast(tf.gather(data, indices), tf.int32)
    is_frame = block[0] == ord(",")
    frame = tf.stack([block[5] + 256 * block[6], block[7] + 256 * block[8]])
    length = tf.where(is_frame, 11 + _table(block[9]), 2)
    is_last = tf.logical_not(is_frame | (block[0] == ord("!")))
    return (
        tf.where(is_last, end, position + length),
        True,
        frames + tf.cast(is_frame, tf.int64),
        tf.where(is_frame, tf.maximum(sides, frame), sides),
    )


def _table(flags):  # Bytes of a table of colours.
    size = 3 * tf.bitwise.left_shift(2, flags % 8)
    return tf.where(flags >= 128, size, 0)
