"""What the largest image costs: at most 8 bytes a pixel, beside its file."""

import sys

import pytest
import tensorflow as tf

from export.signatures import Signatures
from tests import programs
from tests import tiny
from tests.data.folders import fill

SIDE = 9000
PEAK = """
import sys

import tensorflow as tf

from ali_keras.data import splits
from ali_keras.data.image_folder import ImageFolder


def read(path):
    for split in ("train", "test"):
        splits.load_arrays(ImageFolder(path), split, 4, 1)


def serve(path):
    global served
    served = tf.saved_model.load(sys.argv[4]).signatures["encode_jpeg"]
    content = tf.io.read_file(path)
    served(image_bytes=tf.stack([content]))


def peak():
    # ru_maxrss begins with that of the process which started this one.
    with open("/proc/self/status") as status:
        [line] = [x for x in status if x.startswith("VmHWM")]
    return 1024 * int(line.split()[1])


place, small, large = sys.argv[1:4]
use = {"folder": read, "servable": serve}[place]
use(small)
before = peak()
use(large)
print("bytes", peak() - before)
"""
ENCODERS = {
    "png": tf.io.encode_png,
    "jpeg": tf.io.encode_jpeg,
    "progressive": lambda x: tf.io.encode_jpeg(x, progressive=True),
    "colour": lambda x: tf.io.encode_jpeg(tf.tile(x, [1, 1, 3])),
    "wide": lambda x: tf.io.encode_png(tf.reshape(x, (SIDE // 2, -1, 1))),
}


@pytest.fixture(scope="module")
def servable(tmp_path_factory):
    """Path of a SavedModel of the tiny encoder."""
    path = tmp_path_factory.mktemp("servable")
    signatures = Signatures(tiny.model(), max_image_pixels=SIDE**2)
    signatures.encoder().write_out(str(path), verbose=False)
    return path


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("folder", "png"),
        ("folder", "jpeg"),
        ("servable", "png"),
        ("servable", "jpeg"),
        ("servable", "progressive"),
        ("servable", "colour"),
        ("servable", "wide"),
    ],
)
def test_an_image_takes_at_most_8_bytes_a_pixel(
    tmp_path, servable, place, kind
):
    content = ENCODERS[kind](tf.zeros((SIDE, SIDE, 1), tf.uint8)).numpy()
    paths = {}
    for name in ("small", "large"):
        folder = fill(tmp_path / name, 60, shape=(8, 8))
        paths[name] = folder if place == "folder" else folder / "0.png"
    large = tmp_path / "large" / "large.png"
    large.write_bytes(content)
    if place == "servable":
        paths["large"] = large
    status, output, errors = programs.run(
        sys.executable, "-c", PEAK, place, *paths.values(), servable
    )
    assert status == 0, errors
    num_bytes = int(output.split("bytes")[-1])
    print(place, kind, num_bytes / SIDE**2)  # If it fails.
    assert num_bytes / SIDE**2 < 8
