"""Small files whose headers say that their images are huge."""

import struct

import numpy as np

from tests.data.folders import encoded
from tests.data.folders import picture

SIDE = 12_000
FORMATS = ("png", "jpeg", "gif", "bmp", "webp")


def image_file(form, shape=(9, 8, 3)):
    """Bytes of a small image."""
    return encoded(
        picture(shape=shape), form, **{"webp": {"lossless": 1}}.get(form, {})
    )


def oversized(form, side=SIDE):
    """Bytes of an image of 9x8 whose header says `side` x `side`."""
    content = bytearray(image_file(form))
    if form == "png":
        struct.pack_into(">II", content, 16, side, side)
    elif form == "jpeg":
        frame = content.index(b"\xff\xc0")
        struct.pack_into(">HH", content, frame + 5, side, side)
    elif form == "gif":
        frame = content.index(struct.pack("<BHHHH", ord(","), 0, 0, 8, 9))
        struct.pack_into("<HH", content, frame + 5, side, side)
    elif form == "bmp":
        struct.pack_into("<ii", content, 18, side, -side)
    else:
        (bits,) = struct.unpack_from("<I", content, 21)
        bits = bits >> 28 << 28 | (side - 1) << 14 | (side - 1)
        struct.pack_into("<I", content, 21, bits)
    return bytes(content)


def animation(shapes, comment=b""):
    """Bytes of a GIF with a comment, and a frame of each of the shapes."""
    pieces = []
    for height, width in shapes:
        content = encoded(np.zeros((height, width), np.uint8), "gif")
        frame = content.index(
            struct.pack("<BHHHH", ord(","), 0, 0, width, height)
        )
        pieces.append(content[frame:-1])  # Without the end.
    return content[:frame] + comment + b"".join(pieces) + b";"
