"""TFDS data sets of many shapes."""

import contextlib
import io
import os

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras import InputError
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.preprocessing import preprocess
from ali_keras.data.preprocessing import to_uint8
from tests import programs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of small prepared data sets."""
    folder = tmp_path_factory.mktemp("small")
    programs.store_dataset(folder, "tested", {"train": 8, "test": 5})
    programs.store_dataset(folder, "validated", {"train": 8, "validation": 5})
    programs.store_dataset(folder, "alone", {"train": 20})
    programs.store_dataset(folder, "test_only", {"test": 4})
    programs.store_dataset(
        folder, "wide_rgb", {"train": 10}, shape=(20, 30, 3), label=False
    )
    text = tf.data.Dataset.from_tensor_slices({"text": ["a", "b"]})
    programs.store_splits(
        folder, "words", {"text": tfds.features.Text()}, {"train": text}
    )
    return str(folder)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tested", ("train", "test")),
        ("validated", ("train", "validation")),
        ("alone", ("train[:90%]", "train[90%:]")),
    ],
)
def test_the_held_out_split_is_what_there_is(folder, name, expected):
    builder = sources.open_dataset(name, folder)
    assert splits.split_names(builder) == expected


def test_the_last_tenth_is_not_trained_on(folder):
    builder = sources.open_dataset("alone", folder)
    train, held_out = (
        splits.load_arrays(builder, split, 28, 1)[0]
        for split in splits.split_names(builder)
    )
    assert (len(train), len(held_out)) == (18, 2)
    trained = {image.tobytes() for image in train}
    assert not trained & {image.tobytes() for image in held_out}


def test_a_data_set_without_train_is_refused(folder):
    builder = sources.open_dataset("test_only", folder)
    with pytest.raises(InputError, match=r"split 'train'.*\['test'\]"):
        splits.split_names(builder)


def test_images_keep_their_bytes_and_labels(folder):
    builder = sources.open_dataset("tested", folder)
    images, labels = splits.load_arrays(builder, "train", 28, 1)
    stored = list(tfds.as_numpy(builder.as_dataset(split="train")))
    np.testing.assert_array_equal(images, [x["image"] for x in stored])
    np.testing.assert_array_equal(labels, [x["label"] for x in stored])


def test_other_shapes_are_fitted_and_described(folder):
    builder = sources.open_dataset("wide_rgb", folder)
    assert not sources.has_labels(builder)
    images, labels = splits.load_arrays(builder, "train", 28, 1)
    assert images.shape == (10, 28, 28, 1)
    assert labels is None
    description = splits.describe_images(builder, 28, 1)
    assert description == (
        "center-cropped to a square, resized to 28x28, made grey"
    )


def test_read_examples_streams_floats(folder):
    builder = sources.open_dataset("wide_rgb", folder)
    (example,) = splits.read_examples(builder, "train[:1]", 28, 3)
    assert set(example) == {"image"}
    assert example["image"].shape == (28, 28, 3)
    assert 0 <= np.min(example["image"]) < np.max(example["image"]) <= 1


@pytest.mark.parametrize("split", ["nope", "train[", "test", ""])
def test_unknown_splits_are_refused(folder, split):
    builder = sources.open_dataset("alone", folder)
    with pytest.raises(InputError, match=r"split must be one of \['train'\]"):
        splits.read_examples(builder, split, 28, 1)


def test_images_have_one_or_three_channels(folder):
    builder = sources.open_dataset("wide_rgb", folder)
    for function, split in (
        (splits.describe_images, ()),
        (splits.read_examples, ("train",)),
    ):
        with pytest.raises(InputError, match=r"one of \[1, 3\].*2, for"):
            function(builder, *split, 28, 2)


def test_a_data_set_without_images_is_refused(folder):
    with pytest.raises(InputError, match=r"feature 'image'.*\['text'\]"):
        sources.open_dataset("words", folder)


@pytest.mark.parametrize(
    ("name", "near"), [("mnits", "'mnist'"), ("mnist5k", "'mnist_5k'")]
)
def test_an_unknown_data_set_brings_near_names(folder, name, near):
    with pytest.raises(InputError, match=f"Received: {name}; close.*{near}"):
        sources.open_dataset(name, folder)


@pytest.mark.parametrize(
    "name", ["", "mnist/nope", "mnist_5k/nope", "a/b/c", "mnist_5k:7.0.0"]
)
def test_names_that_tfds_does_not_know_are_refused(folder, name):
    with pytest.raises(InputError, match="dataset must be the TFDS name"):
        sources.open_dataset(name, folder)


def test_a_missing_data_dir_is_refused(folder):
    with pytest.raises(InputError, match=r"data_dir must be.*no folder"):
        sources.open_dataset("mnist", f"{folder}/missing")
    assert not os.path.exists(f"{folder}/missing")


def test_without_download_nothing_is_prepared(folder):
    before = programs.snapshot(folder)
    with pytest.raises(InputError, match=r"--download.*Received: mnist"):
        sources.open_dataset("mnist", folder)
    assert programs.snapshot(folder) == before


def test_a_data_dir_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(
        InputError, match="data_dir a place that can be written"
    ):
        sources.open_dataset("mnist_5k", str(tmp_path / "file" / "data"))


class Unreachable(tfds.core.GeneratorBasedBuilder):
    """A data set whose server does not answer."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {"image": tfds.features.Image(shape=(28, 28, 1))}
            )
        )

    def _split_generators(self, dl_manager):
        raise ConnectionError("no route to host")

    def _generate_examples(self):
        yield from ()


def test_a_failed_download_is_not_blamed_on_data_dir(tmp_path):
    with pytest.raises(InputError, match="no route to host") as caught:
        sources.open_dataset("unreachable", str(tmp_path), download=True)
    assert "data_dir must be" not in str(caught.value)


def fill(feature, rng):
    """A random example of a TFDS feature."""
    if isinstance(feature, tfds.features.FeaturesDict):
        return {name: fill(part, rng) for name, part in feature.items()}
    return rng.integers(0, 201, feature.shape).astype(feature.np_dtype)


def prepare(data_dir, name, num_images):
    """Fills a data set of TFDS' own list with random images."""
    builder = tfds.builder(name, data_dir=str(data_dir))
    rng = np.random.default_rng(0)
    features = builder.info.features
    splits = {
        split: tf.data.Dataset.from_tensor_slices(
            tf.nest.map_structure(
                lambda *values: np.stack(values),
                *[fill(features, rng) for _ in range(count)],
            )
        )
        for split, count in num_images.items()
    }
    with contextlib.redirect_stderr(io.StringIO()):  # Progress bars.
        tfds.dataset_builders.store_as_tfds_dataset(
            builder.name,
            builder.info.version,
            features,
            splits,
            config=builder.info.config_name or None,
            data_dir=str(data_dir),
        )


def test_celeb_a_is_read_as_its_authors_did(tmp_path):
    prepare(tmp_path, "celeb_a", {"train": 6, "validation": 2, "test": 3})
    builder = sources.open_dataset("celeb_a", str(tmp_path))
    assert splits.split_names(builder) == ("train", "test")
    assert not sources.has_labels(builder)
    assert splits.describe_images(builder, 64, 3) == (
        "resized to 64x78, cropped to their central 64x64"
    )
    images, labels = splits.load_arrays(builder, "test", 64, 3)
    stored = [x["image"] for x in builder.as_dataset(split="test")]
    expected = [preprocess(x, 64, 3, "celeb_a") for x in stored]
    np.testing.assert_array_equal(images, [to_uint8(x) for x in expected])
    assert stored[0].shape == (218, 178, 3)
    assert labels is None
    assert (images != [to_uint8(preprocess(x, 64, 3)) for x in stored]).any()


@pytest.mark.parametrize("size", [8, 64])
def test_small_imagenet_is_taken_as_it_is(tmp_path, size):
    name = f"imagenet_resized/{size}x{size}"
    prepare(tmp_path, name, {"train": 6, "validation": 3})
    builder = sources.open_dataset(name, str(tmp_path))
    assert splits.split_names(builder) == ("train", "validation")
    assert splits.describe_images(builder, size, 3) == "taken as they are"
    images, labels = splits.load_arrays(builder, "validation", size, 3)
    stored = list(tfds.as_numpy(builder.as_dataset(split="validation")))
    np.testing.assert_array_equal(images, [x["image"] for x in stored])
    np.testing.assert_array_equal(labels, [x["label"] for x in stored])
    assert builder.info.features["label"].num_classes == 1000


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_the_sizes_of_small_imagenet_are_known(folder, size):
    with pytest.raises(InputError, match="prepared already, or pass --downl"):
        sources.open_dataset(f"imagenet_resized/{size}x{size}", folder)


def test_files_that_were_damaged_later_are_named(tmp_path):
    programs.store_dataset(tmp_path, "cut", {"train": 20})
    (path,) = tmp_path.glob("cut/1.0.0/*.tfrecord*")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    builder = sources.open_dataset("cut", str(tmp_path))
    with pytest.raises(InputError, match=r"as TFDS wrote them.*split train"):
        splits.load_arrays(builder, "train", 28, 1)


@pytest.mark.skipif(
    "ALI_TFDS_DIR" not in os.environ,
    reason="ALI_TFDS_DIR names no folder with prepared MNIST",
)
def test_full_mnist_is_read():
    builder = sources.open_dataset("mnist", os.environ["ALI_TFDS_DIR"])
    train, test = splits.split_names(builder)
    images, labels = splits.load_arrays(builder, test, 28, 1)
    assert images.shape == (10_000, 28, 28, 1)
    assert len(np.unique(labels)) == 10
    assert builder.info.splits[train].num_examples == 60_000


def test_a_run_may_train_on_another_split(data_dir):
    builder = sources.open_dataset("mnist_5k", data_dir)
    assert splits.split_names(builder, "test[:90%]") == ("test[:90%]", "test")
