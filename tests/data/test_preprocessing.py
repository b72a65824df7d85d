"""Preprocessing of any image, and the check on what training is fed."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ali_keras.data import preprocessing
from tests import tiny

GREY = np.linspace(0, 1, 36, dtype="float32").reshape(6, 6, 1)
COLOUR = np.random.default_rng(0).random((6, 6, 3), dtype="float32")
LUMA = np.array([0.299, 0.587, 0.114])
# A batch is checked while it is computed on: counters and statistics move.
LEARNED = ("kernel", "bias", "gamma", "beta", "momentum", "velocity")
BAD_PIXELS = (-0.01, 1.01, 255.0, np.nan, np.inf)


def preprocess(image, size=6, channels=1):
    return preprocessing.preprocess(tf.convert_to_tensor(image), size, channels)


def eight_bit(image):
    return np.round(image * 255).astype("uint8")


@pytest.mark.parametrize("dtype, largest", (("uint8", 255), ("uint16", 65535)))
def test_integers_are_scaled_by_their_type(dtype, largest):
    image = np.array([0, 1, largest // 2, largest], dtype).reshape(2, 2, 1)
    result = preprocess(image, size=2)
    assert result.dtype == tf.float32
    np.testing.assert_allclose(result, image / largest, rtol=1e-6)


@pytest.mark.parametrize("dtype", ("float32", "float64", "float16"))
def test_floats_of_the_right_shape_are_taken_as_they_are(dtype):
    result = preprocess(GREY.astype(dtype))
    assert result.dtype == tf.float32
    np.testing.assert_array_equal(result, GREY.astype(dtype).astype("f4"))


@pytest.mark.parametrize("channels, image", ((1, GREY), (3, COLOUR)))
def test_png_bytes_equal_their_pixels(channels, image):
    png = tf.io.encode_png(eight_bit(image))
    expected = preprocess(eight_bit(image), channels=channels)
    np.testing.assert_array_equal(preprocess(png, 6, channels), expected)


def test_jpeg_bytes_are_near_their_pixels():
    smooth = np.broadcast_to(np.linspace(0.2, 0.8, 16), (16, 16))[..., None]
    jpeg = tf.io.encode_jpeg(eight_bit(smooth), quality=100)
    result = preprocess(jpeg, 16)
    assert result.shape == (16, 16, 1)
    np.testing.assert_allclose(result, smooth, atol=0.02)


@pytest.mark.parametrize("wide", (True, False))
def test_an_oblong_image_is_cropped_to_its_central_square(wide):
    bars = np.repeat([0.0, 1.0, 0.0], (2, 4, 2)).astype("float32")
    image = np.broadcast_to(bars, (4, 8)) if wide else bars[:, None] + [[0] * 4]
    result = preprocess(image.astype("float32")[..., None], size=4)
    np.testing.assert_array_equal(result, np.ones((4, 4, 1)))


def test_halving_averages():
    checkered = np.indices((8, 8)).sum(0)[..., None] % 2
    result = preprocess(checkered.astype("float32"), size=4)
    assert result.shape == (4, 4, 1)
    np.testing.assert_allclose(result[1:3, 1:3], 0.5, atol=1e-6)


def test_enlarging_keeps_a_flat_image_flat():
    result = preprocess(np.full((3, 3, 3), 0.25, "float32"), 7, 3)
    np.testing.assert_allclose(result, np.full((7, 7, 3), 0.25), rtol=1e-6)


def test_colour_becomes_grey_by_luma():
    expected = (COLOUR * LUMA).sum(-1, keepdims=True)
    np.testing.assert_allclose(preprocess(COLOUR), expected, atol=1e-3)


@pytest.mark.parametrize(
    "encode", (tf.io.encode_png, lambda i: tf.io.encode_jpeg(i, quality=100))
)
def test_encoded_colour_becomes_grey_as_its_pixels_do(encode):
    flat = np.empty((8, 8, 3), "uint8")
    flat[:] = (200, 40, 10)
    expected = float((flat[0, 0] * LUMA).sum()) / 255
    result = preprocess(encode(flat), size=8)
    np.testing.assert_allclose(result, np.full((8, 8, 1), expected), atol=0.01)


def test_encoded_colour_becomes_grey_by_the_same_numbers():
    flat = np.empty((8, 8, 3), "uint8")
    flat[:] = (0, 255, 0)
    pixels = preprocess(flat, size=8)
    np.testing.assert_allclose(pixels, np.full((8, 8, 1), 0.587), atol=1e-6)
    encoded = preprocess(tf.io.encode_png(flat), size=8)
    np.testing.assert_array_equal(encoded, pixels)


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_stays_as_it_is_among_colours(channels):
    grey = np.full((8, 8, channels), 200, "uint8")
    for image in (grey, tf.io.encode_png(grey)):
        result = preprocess(image, size=8)
        np.testing.assert_allclose(result, grey[..., :1] / 255, rtol=1e-6)


def test_grey_becomes_colour_by_repetition():
    result = preprocess(GREY, channels=3)
    np.testing.assert_array_equal(result, np.repeat(GREY, 3, axis=-1))


@pytest.mark.parametrize("encoded", (True, False))
def test_an_alpha_channel_is_dropped(encoded):
    pixels = eight_bit(np.concatenate([COLOUR, GREY], axis=-1))
    image = tf.io.encode_png(pixels) if encoded else pixels
    result = preprocess(image, channels=3)
    np.testing.assert_allclose(result, pixels[..., :3] / 255, rtol=1e-6)


def test_resizing_stays_in_range():
    noisy = np.random.default_rng(0).integers(0, 2, (31, 29, 3))
    for size in (7, 28, 64):
        result = preprocess(noisy.astype("float32"), size, 3)
        assert 0 <= np.min(result) and np.max(result) <= 1


def aligned_image():
    """As large as CelebA's: waves, whose position and size can be seen."""
    y, x = np.mgrid[:218, :178]
    waves = [np.sin(y / 9), np.cos(x / 7), np.sin((x + y) / 11)]
    return eight_bit(np.stack(waves, axis=-1) / 2 + 0.5)


def test_celeb_a_is_treated_as_by_the_authors():
    image = aligned_image()
    pillow = Image.fromarray(image).resize((64, 78), Image.Resampling.LANCZOS)
    expected = np.array(pillow.crop((0, 7, 64, 71))) / 255
    result = preprocessing.preprocess(tf.constant(image), 64, 3, "celeb_a")
    np.testing.assert_allclose(result, expected, atol=1.5 / 255)
    # Not what another data set's image becomes.
    assert np.abs(preprocess(image, 64, 3) - expected).max() > 0.03


@pytest.mark.parametrize(("size", "height", "top"), ((32, 39, 3), (28, 34, 3)))
def test_celeb_a_keeps_its_proportions_at_other_sizes(size, height, top):
    image = aligned_image()
    pillow = Image.fromarray(image).resize(
        (size, height), Image.Resampling.LANCZOS
    )
    expected = np.array(pillow)[top : top + size] / 255
    result = preprocessing.preprocess(
        tf.constant(image), size, 3, "celeb_a:2.*.*"
    )
    np.testing.assert_allclose(result, expected, atol=1.5 / 255)


def test_celeb_a_of_unknown_size_is_told_by_its_shape():
    function = tf.function(
        lambda image: preprocessing.preprocess(image, 64, 3, "celeb_a"),
        input_signature=[tf.TensorSpec((None, None, 3), tf.uint8)],
    )
    image = aligned_image()
    np.testing.assert_allclose(
        function(image),
        preprocessing.preprocess(tf.constant(image), 64, 3, "celeb_a"),
        atol=1e-6,
    )
    # One that has its size already, and one that is not aligned.
    for other in (image[:64, :64], image[:100, :150]):
        np.testing.assert_allclose(
            function(other), preprocess(other, 64, 3), atol=1e-6
        )


@pytest.mark.parametrize("dataset", (None, "celeb_a_hq", "mnist", "folder"))
def test_other_data_sets_are_cropped_first(dataset):
    image = tf.constant(aligned_image())
    np.testing.assert_array_equal(
        preprocessing.preprocess(image, 64, 3, dataset),
        preprocess(image, 64, 3),
    )


def test_a_pipeline_of_unknown_sizes_gets_a_static_shape():
    shape = tf.TensorSpec((None, None, 1), tf.uint8)
    function = tf.function(preprocess, input_signature=[shape])
    assert function(np.zeros((9, 5, 1), "uint8")).shape == (6, 6, 1)
    traced = function.get_concrete_function()
    assert traced.output_shapes == (6, 6, 1)


@pytest.mark.parametrize(
    "data",
    (
        GREY[None],
        (GREY[None], [3]),
        [GREY[None], [3]],
        {"image": GREY[None], "label": [3]},
        GREY[None].astype("float64"),
    ),
)
def test_images_are_found_in_any_batch(data):
    found = preprocessing.images_of(data)
    assert found.dtype == tf.float32
    np.testing.assert_array_equal(found, GREY[None])


@pytest.mark.parametrize("dtype", ("uint8", "int32", "bool"))
def test_integer_pixels_are_refused(dtype):
    message = f"divide 8-bit pixels by 255. Received: dtype {dtype}"
    with pytest.raises(ValueError, match=message):
        preprocessing.images_of({"image": np.ones((1, 4, 4, 1), dtype)})


def test_a_dictionary_without_image_is_refused():
    message = r"'image'. Received: keys \['label', 'picture'\]"
    with pytest.raises(ValueError, match=message):
        preprocessing.images_of({"picture": GREY, "label": 1})


@pytest.mark.parametrize("pixel", BAD_PIXELS)
@pytest.mark.parametrize("in_graph", (True, False))
def test_pixels_out_of_range_are_refused(pixel, in_graph):
    batch = tiny.images()
    batch[3, 2, 1, 0] = pixel
    check = (
        tf.function(preprocessing.images_of)
        if in_graph
        else preprocessing.images_of
    )
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"Pixels must lie in \[0, 1\]"
    ):
        check(tf.constant(batch))


@pytest.mark.parametrize("pixel", (0.0, 1.0))
def test_the_bounds_are_in_range(pixel):
    batch = np.full((1, 4, 4, 1), pixel, "float32")
    np.testing.assert_array_equal(preprocessing.images_of(batch), batch)


def test_fit_learns_nothing_from_pixels_out_of_range():
    model = tiny.model()
    before = tiny.values(model)
    learned = {k for k in before if k.endswith(LEARNED)}
    assert len(learned) > 10
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Pixels must lie in"
    ):
        tiny.fit(model, tiny.images() * 255)
    assert tiny.changed(before, tiny.values(model)) & learned == set()


def test_fit_refuses_integers():
    model = tiny.model()
    before = tiny.values(model)
    with pytest.raises(ValueError, match="Received: dtype uint8"):
        tiny.fit(model, eight_bit(tiny.images()))
    assert tiny.changed(before, tiny.values(model)) == set()


def test_floats_undo_eight_bits_and_stay_floats():
    pixels = np.array([[0, 51, 255]], np.uint8)
    expected = np.array([[0, 0.2, 1]], np.float32)
    points = np.array([[-4.0, 2.5]], np.float32)
    for convert in (np.asarray, tf.constant):
        result = preprocessing.to_float(convert(pixels))
        assert result.dtype == "float32"
        np.testing.assert_array_equal(result, expected)
        np.testing.assert_array_equal(
            preprocessing.to_float(convert(points)), points
        )


def test_eight_bits_are_rounded_and_clipped():
    pixels = np.array([-0.5, 0.0, 0.499 / 255, 0.501 / 255, 1.0, 1.5])
    expected = [0, 0, 0, 1, 255, 255]
    np.testing.assert_array_equal(preprocessing.to_uint8(pixels), expected)
