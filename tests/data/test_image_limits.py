"""An image that is too large is refused before it is decoded."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras import InputError
from ali_keras.data import image_header
from ali_keras.data import image_header_ops
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.image_folder import ImageFolder
from ali_keras.data.large_images import shrink
from ali_keras.data.preprocessing import preprocess
from tests import programs
from tests.data.folders import encoded
from tests.data.folders import fill
from tests.data.folders import picture
from tests.data.folders import refusal
from tests.data.folders import write
from tests.fuzzing import headers

WORDS = "at most 100000000 pixels (--max_image_pixels). Received: 144000000"


COUNTS = {
    **{form: (headers.image_file(form), 72) for form in headers.FORMATS},
    **{
        f"huge {form}": (headers.oversized(form), headers.SIDE**2)
        for form in headers.FORMATS
    },
    "progressive": (encoded(picture(), "jpeg", progressive=True), 64),
    "lossy webp": (encoded(picture(), "webp"), 64),
    "alpha webp": (encoded(picture(shape=(5, 7, 4)), "webp"), 35),
    "animation": (headers.animation([(4, 5), (9, 2), (3, 3)]), 3 * 9 * 5),
    "long gif": (encoded(picture(shape=(300, 400)), "gif"), 120_000),
    "cut gif": (headers.oversized("gif")[:-40], headers.SIDE**2),
    "no frame": (b"GIF89a", 1),
    "cut png": (headers.image_file("png")[:10], 1),
    "empty": (b"", 0),
    "text": (b"<html>", 0),
    "jpeg xl": (b"\xff\x0a" + bytes(50), 0),
}


@pytest.mark.parametrize("name", COUNTS)
def test_sizes_are_read_from_headers(name):
    content, expected = COUNTS[name]
    assert image_header.count_pixels(content) == expected
    assert image_header_ops.count_pixels(content) == expected


def test_a_gif_in_tiny_pieces_is_no_image_for_a_server():
    for steps, expected in ((9, 12), (image_header_ops.MAX_GIF_STEPS, 0)):
        comment = b"!\xfe" + b"\1x" * steps + b"\0"
        content = headers.animation([(3, 4)], comment)
        assert image_header_ops.count_pixels(content) == expected
        assert image_header.count_pixels(content) == 12


@pytest.mark.parametrize("form", headers.FORMATS)
def test_a_folder_counts_it_among_its_bad_images(tmp_path, form):
    fill(tmp_path)
    bad = write(tmp_path / "bad.png", headers.oversized(form))
    line = refusal(tmp_path)
    assert "1 of 61 that are not" in line and WORDS in line
    skipping = ImageFolder(tmp_path, skip_bad_images=True)
    assert [image.path for image in skipping.bad_images] == [bad]
    assert splits.load_arrays(skipping, "train", 8, 3)[0].shape[1:] == (8, 8, 3)


def test_the_limit_of_a_folder_is_a_choice(tmp_path):
    fill(tmp_path)
    line = refusal(tmp_path, max_image_pixels=63)
    assert "60 of 60" in line and "Received: 64)" in line
    builder = ImageFolder(tmp_path, max_image_pixels=64)
    with pytest.raises(InputError, match=r"at most 63 pixels.*: 64"):
        splits.load_arrays(builder, "train", 8, 3, max_image_pixels=63)


def test_a_record_of_tfds_is_refused(tmp_path):
    # A text is stored as a file of an image is: as it is.
    contents = [headers.image_file("png")] * 9 + [headers.oversized("png")]
    stored = tf.data.Dataset.from_tensor_slices({"image": contents})
    texts = {"image": tfds.features.Text()}
    programs.store_splits(tmp_path, "bomb", texts, {"train": stored})
    images = {"image": tfds.features.Image(shape=(None, None, 3))}
    tfds.features.FeaturesDict(images).save_config(tmp_path / "bomb" / "1.0.0")
    builder = sources.open_dataset("bomb", str(tmp_path))
    with pytest.raises(InputError) as refused:
        splits.load_arrays(builder, "train", 8, 3)
    assert WORDS in str(refused.value)


def test_images_of_normal_size_are_left_as_they_are():
    image = tf.zeros((2048, 2048, 1), tf.uint8)
    assert shrink(image, 28) is image


@pytest.mark.parametrize("shape", [(2100, 4200), (4200, 2100)])
def test_large_images_look_as_they_would_otherwise(shape):
    height, width = shape
    rows = np.linspace(0, 2 * np.pi, height)[:, None]
    columns = np.linspace(0, 3 * np.pi, width)[None]
    pixels = np.uint8(127.5 + 60 * np.sin(rows) + 60 * np.cos(columns))
    result = preprocess(tf.constant(pixels[..., None]), 28, 1)
    smaller = preprocess(tf.constant(pixels[::3, ::3, None]), 28, 1)
    np.testing.assert_allclose(result, smaller, atol=0.02)
