"""What a request of encoded images may cost."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras.data import preprocessing
from export import encoded_images
from tests.fuzzing import headers


@pytest.fixture(scope="module")
def decode():
    """Decodes image files of up to 10,000 pixels in a graph."""

    @tf.function(
        autograph=False, input_signature=[tf.TensorSpec((None,), tf.string)]
    )
    def decode(files):
        return encoded_images.decode(files, 28, 1, None, 10_000)

    return decode


@pytest.mark.parametrize("form", headers.FORMATS)
def test_an_image_that_is_too_large_is_not_decoded(decode, form):
    good = headers.image_file(form)
    with pytest.raises(tf.errors.InvalidArgumentError) as refused:
        decode([good, headers.oversized(form)])
    assert (
        "An image must have at most 10000 pixels (--max_image_pixels). "
        "Received:] [144000000]" in str(refused.value)
    )
    assert np.isfinite(decode([good])).all()


AMOUNTS = {
    "images": ([headers.image_file("png")] * 1025, "1024 images.*1025"),
    "bytes": ([bytes(2**25)] * 3, "67108864 bytes of images.*100663296"),
    "pixels": (
        [headers.oversized("png", 100)] * 17,
        "160000 pixels in all.*170000",
    ),
    "kind": ([b"\xff\x0a" + bytes(50)], "JPEG, PNG, GIF, BMP or WebP"),
}


@pytest.mark.parametrize("what", AMOUNTS)
def test_a_request_is_bounded(decode, what):
    files, words = AMOUNTS[what]
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        decode(files)


def test_small_and_large_images_are_preprocessed_as_in_training():
    digit = headers.image_file("png", (28, 28))
    wide = headers.image_file("jpeg", (1100, 1000, 3))
    decoded = encoded_images.decode(
        tf.constant([digit, wide]), 28, 1, None, 2**24
    )
    for image, content in zip(decoded, (digit, wide), strict=True):
        expected = preprocessing.preprocess(tf.constant(content), 28, 1)
        np.testing.assert_array_equal(image, expected)
