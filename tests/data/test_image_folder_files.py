"""Which files of a folder are images, and what becomes of bad ones."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras.data import splits
from ali_keras.data.image_folder import ImageFolder
from tests.data.folders import COLOUR
from tests.data.folders import encoded
from tests.data.folders import fill
from tests.data.folders import picture
from tests.data.folders import refusal
from tests.data.folders import write


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Folder of 60 images without classes. Leave it as it is."""
    return fill(tmp_path_factory.mktemp("plain"))


FLAT = np.full((8, 8, 3), COLOUR, np.uint8)
WEB = np.full((8, 8, 3), (204, 51, 0), np.uint8)  # Of the usual palette.
GREY = np.full((8, 8), 84, np.uint8)
FORMS = {
    "jpeg": (encoded(FLAT, "jpeg", quality=100), COLOUR),
    "progressive": (encoded(FLAT, "jpeg", progressive=True), COLOUR),
    "cmyk": (encoded(FLAT, "jpeg", "CMYK", quality=100), COLOUR),
    "grey jpeg": (encoded(GREY, "jpeg"), 84),
    "alpha": (encoded(FLAT, mode="RGBA"), COLOUR),
    "grey alpha": (encoded(GREY, mode="LA"), 84),
    "palette": (encoded(WEB, mode="P"), (204, 51, 0)),
    "one bit": (encoded(np.full((8, 8), 255, np.uint8), mode="1"), 255),
    "16 bits": (tf.io.encode_png(FLAT.astype("uint16") * 257).numpy(), COLOUR),
    # What a file is is seen from its content.
    "gif": (encoded(FLAT, "gif"), COLOUR),
    "bmp": (encoded(FLAT, "bmp"), COLOUR),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", sorted(FORMS))
def test_kinds_of_files_are_decoded(plain, tmp_path, name, channels):
    content, colour = FORMS[name]
    folder = shutil.copytree(plain, tmp_path / "copy")
    write(folder / "odd.png", content)
    builder = ImageFolder(folder)
    examples = splits.read_examples(builder, "train+test", 8, channels)
    [image] = [
        x["image"] for x in tfds.as_numpy(examples) if x["file"] == b"odd.png"
    ]
    expected = np.broadcast_to(colour, 3) / 255
    if channels == 1:
        expected = expected @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(
        image, np.broadcast_to(expected, image.shape), atol=0.01
    )


def test_grey_folders_are_grey_to_the_byte(tmp_path):
    builder = ImageFolder(fill(tmp_path, shape=(8, 8)))
    images, _ = splits.load_arrays(builder, "train", 8, 1)
    stored = [x["image"] for x in tfds.as_numpy(builder.as_dataset("train"))]
    np.testing.assert_array_equal(images, stored)
    expected = {picture(number, (8, 8)).tobytes() for number in range(60)}
    assert {image.tobytes() for image in images} < expected


LARGE = picture(0, (40, 40, 3))
BAD_FILES = {
    "empty": (b"", "empty"),
    "text": (b"<html>not found</html>", "Unknown image file"),
    "cut JPEG": (encoded(LARGE, "jpeg")[:900], "Invalid JPEG"),
    "cut PNG": (encoded(LARGE)[:900], "Invalid PNG"),
    "one byte less": (encoded(LARGE, "jpeg")[:-1], "Invalid JPEG"),
    "flipped byte": (
        encoded(LARGE).replace(b"IDAT", b"IDAU", 1),
        "Invalid PNG",
    ),
}


@pytest.mark.parametrize("name", sorted(BAD_FILES))
def test_a_bad_image_is_named_or_skipped(plain, tmp_path, name):
    content, reason = BAD_FILES[name]
    folder = shutil.copytree(plain, tmp_path / "copy")
    bad = write(folder / "bad.jpg", content)
    line = refusal(folder)
    assert f"1 of 61 that are not, first {bad} (" in line
    assert "--skip_bad_images" in line
    assert reason in line
    skipping = ImageFolder(folder, skip_bad_images=True)
    for split in ("train", "test"):
        np.testing.assert_array_equal(
            splits.load_arrays(skipping, split, 8, 3)[0],
            splits.load_arrays(ImageFolder(plain), split, 8, 3)[0],
        )
    assert splits.describe_images(skipping, 8, 3).startswith(
        "taken as they are; images that cannot be read, skipped: 1, first "
        f"{bad} ("
    )


def test_files_that_cannot_be_read_are_bad(plain, tmp_path):
    folder = shutil.copytree(plain, tmp_path / "copy")
    (folder / "broken.png").symlink_to(tmp_path / "nowhere.png")
    assert "broken.png (No such file or directory)" in refusal(folder)
    (bad,) = ImageFolder(folder, skip_bad_images=True).bad_images
    assert bad.path == folder / "broken.png"


def test_only_bad_images_cannot_be_skipped(tmp_path):
    write(tmp_path / "bad.jpg", b"")
    assert "1 of 1 that are not" in refusal(tmp_path, skip_bad_images=True)
