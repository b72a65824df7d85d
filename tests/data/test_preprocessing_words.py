"""What is said of the preprocessing of images."""

import pytest

from ali_keras.data import preprocessing


@pytest.mark.parametrize(
    "shape, words",
    (
        ((6, 6, 1), "taken as they are"),
        ((6, 6, 3), "made grey"),
        ((8, 8, 1), "resized to 6x6"),
        ((6, 8, 1), "center-cropped to a square, resized to 6x6"),
        (
            (None, None, 3),
            "center-cropped to a square, resized to 6x6, made grey",
        ),
    ),
)
def test_words_say_what_is_done(shape, words):
    assert preprocessing.describe_preprocessing(shape, 6, 1) == words


def test_words_say_how_celeb_a_is_cropped():
    words = "resized to 64x78, cropped to their central 64x64"
    describe = preprocessing.describe_preprocessing
    assert describe((218, 178, 3), 64, 3, "celeb_a") == words
    assert describe((64, 64, 3), 64, 3, "celeb_a") == "taken as they are"


def test_words_say_how_celeb_a_of_any_size_is_cropped():
    words = preprocessing.describe_preprocessing((None,) * 3, 64, 3, "celeb_a")
    assert words == (
        "if of 178x218 resized to 64x78, cropped to their central 64x64 "
        "(others: center-cropped, resized to 64x64), made RGB"
    )


def test_words_say_that_grey_is_made_colour():
    assert preprocessing.describe_preprocessing((6, 6, 1), 6, 3) == "made RGB"
