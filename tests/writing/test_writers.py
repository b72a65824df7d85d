"""Files of images and codes read back as what was written."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import InputError
from ali_keras.plotting import grids
from ali_keras.writing import codes as code_files
from ali_keras.writing import images as image_files


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    images = rng.random((3, 5, 4, 3), dtype=np.float32)
    return images, rng.normal(size=(3, 2)).astype(np.float32)


def write_images(form, path, images, z):
    """Writes images in batches of two and of the rest."""
    batches = (
        {"image": images[part], "z": z[part]}
        for part in (slice(2), slice(2, None))
    )
    image_files.WRITERS[form](path, len(images), batches)


def codes(sizes=(2, 3)):
    """Batches of codes of these sizes, and all of them in one."""
    rng = np.random.default_rng(1)
    batches = [
        {
            "z_mean": rng.normal(size=(size, 4)).astype(np.float32),
            "label": rng.integers(0, 10, size),
        }
        for size in sizes
    ]
    whole = {k: np.concatenate([b[k] for b in batches]) for k in batches[0]}
    return batches, whole


def examples(path, features):
    """Parses a TFRecord file."""
    records = tf.data.TFRecordDataset(str(path))
    return [tf.io.parse_single_example(r, features) for r in records]


def as_bytes(images):
    return np.round(images * 255).astype(np.uint8)


def test_png_is_the_grid(tmp_path, drawn):
    write_images("png", tmp_path / "x.png", *drawn)
    picture = tf.io.decode_png((tmp_path / "x.png").read_bytes())
    np.testing.assert_array_equal(picture, grids.grid(drawn[0]))


def test_npz_holds_images_and_z(tmp_path, drawn):
    images, z = drawn
    write_images("npz", tmp_path / "x.npz", images, z)
    with np.load(tmp_path / "x.npz") as arrays:
        assert set(arrays) == {"image", "z"}
        np.testing.assert_array_equal(arrays["image"], as_bytes(images))
        np.testing.assert_array_equal(arrays["z"], z)


def test_tfrecord_holds_a_png_and_z_an_image(tmp_path, drawn):
    images, z = drawn
    write_images("tfrecord", tmp_path / "x.tfrecord", images, z)
    features = {
        "image": tf.io.FixedLenFeature((), tf.string),
        "z": tf.io.FixedLenFeature((2,), tf.float32),
    }
    parsed = examples(tmp_path / "x.tfrecord", features)
    assert len(parsed) == 3
    for example, image, code in zip(parsed, images, z, strict=True):
        decoded = tf.io.decode_png(example["image"])
        np.testing.assert_array_equal(decoded, as_bytes(image))
        np.testing.assert_array_equal(example["z"], code)


def test_streamed_npz_joins_the_batches(tmp_path):
    batches, whole = codes()
    code_files.WRITERS["npz"](tmp_path / "x.npz", 5, iter(batches))
    with np.load(tmp_path / "x.npz") as arrays:
        assert set(arrays) == {"z_mean", "label"}
        for name, expected in whole.items():
            assert arrays[name].dtype == expected.dtype
            np.testing.assert_array_equal(arrays[name], expected)
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_streamed_tfrecord_has_an_example_for_each_row(tmp_path):
    batches, whole = codes()
    path = tmp_path / "x.tfrecord"
    code_files.WRITERS["tfrecord"](path, 5, iter(batches))
    features = {
        "z_mean": tf.io.FixedLenFeature((4,), tf.float32),
        "label": tf.io.FixedLenFeature((), tf.int64),
    }
    parsed = examples(path, features)
    for name, expected in whole.items():
        np.testing.assert_array_equal([x[name] for x in parsed], expected)


@pytest.mark.parametrize("form", ["npz", "tfrecord"])
def test_a_stream_that_breaks_leaves_the_old_file(tmp_path, form):
    def broken():
        yield codes()[0][0]
        raise RuntimeError("half-way")

    path = tmp_path / f"x.{form}"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half-way"):
        code_files.WRITERS[form](path, 5, broken())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("form", sorted(image_files.WRITERS))
def test_an_output_below_a_file_is_refused(tmp_path, drawn, form):
    (tmp_path / "file").write_text("old")
    with pytest.raises(InputError, match="can be written"):
        write_images(form, tmp_path / "file" / "x", *drawn)


@pytest.mark.parametrize("form", sorted(code_files.WRITERS))
def test_a_streamed_output_below_a_file_is_refused(tmp_path, form):
    (tmp_path / "file").write_text("old")
    batches, _ = codes()
    with pytest.raises(InputError, match="can be written"):
        code_files.WRITERS[form](tmp_path / "file" / "x", 5, iter(batches))
