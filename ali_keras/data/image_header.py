"""The size of an encoded image, read from its header before it is decoded.

A file of 140 KB can hold an image of 144 million pixels. What decoding takes
is known from the header, so a file that is too large costs nothing.
`image_header_ops` does the same within a graph.
"""

import re
import struct

from ali_keras.lazy import tensorflow as tf

# Of folders and TFDS data sets; a servable has a limit of its own.
MAX_IMAGE_PIXELS = 100_000_000

# Formats, in this order, by what their files begin with; None is any byte.
# TensorFlow decodes JPEG XL too, whose header is no list of plain numbers.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WebP")
SIGNATURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF8",
    b"BM",
    (*b"RIFF", None, None, None, None, *b"WEBP"),
)
UNKNOWN = "Unknown image file: an image must be a JPEG, PNG, GIF, BMP or WebP"
HEADER_BYTES = 32  # All but JPEG and GIF state their size in them.
GIF_HEADER = 13


def too_large(max_pixels):
    """Returns the rule that an image with more pixels breaks."""
    return (
        f"An image must have at most {max_pixels} pixels (--max_image_pixels). "
        "Received:"
    )


def check(content, max_pixels):
    """Refuses a file that must not be decoded.

    Args:
        content: Bytes of an image file.
        max_pixels: Integer.

    Raises:
        tf.errors.InvalidArgumentError: if the file is none of `FORMATS`, a
            JPEG without a whole header, or an image of more pixels.
    """
    num_pixels = count_pixels(content)
    if not num_pixels:
        words = UNKNOWN if content else f"{UNKNOWN}. Received: an empty file"
        raise tf.errors.InvalidArgumentError(None, None, words)
    if num_pixels > max_pixels:
        words = f"{too_large(max_pixels)} {num_pixels}"
        raise tf.errors.InvalidArgumentError(None, None, words)


def count_pixels(content):
    """Counts the pixels that decoding a file makes, from its headers.

    The frames of a GIF count together, each as large as the largest: the
    decoder holds them all.

    Args:
        content: Bytes of an image file.

    Returns:
        Integer of at least 1, or 0 if the file is none of `FORMATS`.

    Raises:
        tf.errors.InvalidArgumentError: if a JPEG has no whole header.
    """
    for signature, count in zip(SIGNATURES, _COUNTERS, strict=True):
        start = content[: len(signature)]
        if len(start) == len(signature) and all(
            known in (None, byte)
            for known, byte in zip(signature, start, strict=True)
        ):
            return max(1, count(content))
    return 0


def error_words(error):
    """Returns TensorFlow's words, without the names of its operations.

    Args:
        error: `tf.errors.OpError`.
    """
    noise = r"\{\{.*?\}\}|\[Op:.*|\[\[.*|Error in user-defined.* Iterator::\S+:"
    words = re.sub(noise, "", error.message, flags=re.S)
    words = re.sub(r"assertion failed: \[(.*?)\]( \[(\d+)\])?", r"\1 \3", words)
    return " ".join(words.split())


def _jpeg(content):
    # As the decoder reads it: garbage between the segments is allowed.
    height, width, _ = tf.io.extract_jpeg_shape(content).numpy()
    return int(height) * int(width)


def _png(content):
    # The chunk IHDR must come first.
    width, height = struct.unpack_from(">II", _padded(content), 16)
    return min(width, 2**31) * min(height, 2**31)  # Of what fits an int64.


def _bmp(content):
    # Of an image from top to bottom the height is negative.
    width, height = struct.unpack_from("<ii", _padded(content), 18)
    return abs(width * height)


def _webp(content):
    header = _padded(content)
    if content[15:16] == b"X":  # Extended: two sides of 24 bits, less 1.
        width, height = (
            1 + int.from_bytes(header[at : at + 3], "little") for at in (24, 27)
        )
    elif content[15:16] == b"L":  # Lossless: two of 14 bits, less 1.
        (bits,) = struct.unpack_from("<I", header, 21)
        width, height = (1 + (bits >> at) % 2**14 for at in (0, 14))
    else:
        width, height = struct.unpack_from("<HH", header, 26)
        width, height = width % 2**14, height % 2**14
    return width * height


def _padded(content):
    return content[:HEADER_BYTES].ljust(HEADER_BYTES, b"\0")


def _gif(content):
    data = content.ljust(GIF_HEADER, b"\0")
    position = GIF_HEADER + _table(data[10])
    frames = width = height = 0
    while position < len(data):
        kind = data[position]
        position += 2
        if kind == ord(","):  # A frame.
            fields = data[position - 1 : position + 8].ljust(9, b"\0")
            w, h, flags = struct.unpack_from("<HHB", fields, 4)
            frames, width, height = frames + 1, max(width, w), max(height, h)
            position += 9 + _table(flags)
        elif kind != ord("!"):  # No extension: the end.
            break
        # Data are pieces of up to 255 bytes, the last of which is empty.
        while position < len(data) and data[position]:
            position += 1 + data[position]
        position += 1
    return frames * width * height


def _table(flags):  # Bytes of a table of colours.
    return 3 << (flags % 8 + 1) if flags & 128 else 0


_COUNTERS = (_jpeg, _png, _gif, _bmp, _webp)
