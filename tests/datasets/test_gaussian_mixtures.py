"""Points of Gaussian mixtures: what is drawn, stored and trained on."""

import hashlib

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

import ali_keras.datasets
from ali_keras import InputError
from ali_keras.data import sources
from ali_keras.data.batches import training_batches
from ali_keras.data.splits import describe_images
from ali_keras.data.splits import load_arrays
from ali_keras.data.splits import read_examples
from ali_keras.data.splits import split_names
from ali_keras.datasets.gaussian_mixtures import MIXTURES
from ali_keras.datasets.gaussian_mixtures import GaussianMixture
from tests import programs

NUM_POINTS = {"mixture_25": (100_000, 10_000), "mixture_5": (2_048, 1_024)}
# SHA-256 of both splits, each coordinate sorted; its first 16 digits.
CHECKSUMS = {
    "mixture_25": ("8207b2f392fe9a97", "f8bb9b94ea67a38b"),
    "mixture_5": ("0abd67bcd0cb405c", "ebbeaa26313e63cc"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("points"))


@pytest.fixture(scope="module", params=sorted(MIXTURES))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def splits(folder, name):
    """Points and labels of both splits."""
    builder = sources.open_dataset(name, folder)
    names = split_names(builder)
    assert names == ("train", "test")
    return [load_arrays(builder, split, 1, 2) for split in names]


def test_they_are_registered():
    assert {"mixture_25", "mixture_5"} <= set(tfds.list_builders())
    assert set(MIXTURES) < set(ali_keras.datasets.EMBEDDED)


def test_means_are_those_of_the_papers():
    grid = np.array(MIXTURES["mixture_25"].means).reshape(5, 5, 2)
    sides = [-4, -2, 0, 2, 4]
    np.testing.assert_array_equal(grid[:, 0, 0], sides)
    np.testing.assert_array_equal(grid[0, :, 1], sides)
    assert len(set(MIXTURES["mixture_25"].means)) == 25
    assert MIXTURES["mixture_25"].stddev == 0.05
    corners = {(2, 2), (-2, -2), (2, -2), (-2, 2), (0, 0)}
    assert set(MIXTURES["mixture_5"].means) == corners
    assert MIXTURES["mixture_5"].stddev ** 2 == pytest.approx(0.04)


@pytest.mark.slow
def test_splits_have_their_sizes_and_types(splits, name):
    for (points, labels), count in zip(splits, NUM_POINTS[name], strict=True):
        assert points.shape == (count, 1, 1, 2)
        assert points.dtype == np.float32
        assert labels.shape == (count,)


def test_points_lie_around_the_mean_of_their_label(splits, name):
    mixture = MIXTURES[name]
    for points, labels in splits:
        offsets = points[:, 0, 0] - np.array(mixture.means)[labels]
        # Four standard errors of a mean and of a standard deviation.
        error = 4 * mixture.stddev / np.sqrt(len(points))
        np.testing.assert_allclose(offsets.mean(0), 0, atol=error)
        np.testing.assert_allclose(offsets.std(0), mixture.stddev, atol=error)
        assert np.abs(offsets).max() < 6 * mixture.stddev


def test_components_are_equally_likely(splits, name):
    share = 1 / len(MIXTURES[name].means)
    for _, labels in splits:
        counts = np.bincount(labels, minlength=len(MIXTURES[name].means))
        deviation = np.sqrt(len(labels) * share * (1 - share))
        expected = len(labels) * share
        assert np.abs(counts - expected).max() < 4 * deviation


def test_splits_are_other_draws(splits):
    train, test = ({x.tobytes() for x in points} for points, _ in splits)
    assert not train & test


def test_points_are_always_the_same(splits, name):
    found = tuple(
        hashlib.sha256(np.sort(points, axis=0).tobytes()).hexdigest()[:16]
        for points, _ in splits
    )
    assert found == CHECKSUMS[name]


def test_a_mixture_draws_around_its_means():
    mixture = GaussianMixture(means=((5.0, -5.0),), stddev=0.0)
    points, components = mixture.draw(np.random.default_rng(0), 3)
    np.testing.assert_array_equal(points, [[5, -5]] * 3)
    assert points.dtype == np.float32
    np.testing.assert_array_equal(components, [0, 0, 0])


def test_points_are_described_and_streamed_as_they_are(folder):
    builder = sources.open_dataset("mixture_5", folder)
    assert describe_images(builder, 1, 2) == "points, taken as they are"
    examples = list(read_examples(builder, "test[:50]", 1, 2))
    points, labels = load_arrays(builder, "test[:50]", 1, 2)
    np.testing.assert_array_equal([x["image"] for x in examples], points)
    np.testing.assert_array_equal([x["label"] for x in examples], labels)
    # No image: outside of [0, 1].
    assert points.min() < -1 and points.max() > 1


@pytest.mark.parametrize("shape", [(28, 2), (1, 1), (1, 3)])
def test_networks_of_another_shape_are_refused(folder, shape):
    builder = sources.open_dataset("mixture_5", folder)
    with pytest.raises(InputError, match=r"networks take.*mixture_5.*1, 1, 2"):
        load_arrays(builder, "train", *shape)


def test_batches_hold_the_points_themselves(splits):
    points = splits[1][0][:40]
    batches = training_batches(points, 8, 0, range(5), 5)
    drawn = np.concatenate([x for x, _ in tfds.as_numpy(batches)])
    assert drawn.dtype == np.float32
    assert sorted(x.tobytes() for x in drawn) == sorted(
        x.tobytes() for x in points
    )


@pytest.mark.parametrize(
    ("dtype", "channels", "refused"),
    [("float64", 2, False), ("uint8", 2, True), ("uint8", 3, False)],
)
def test_only_floats_may_have_any_number_of_channels(
    tmp_path, dtype, channels, refused
):
    shape = (4, 4, channels)
    values = np.random.default_rng(0).integers(0, 9, (10, *shape)).astype(dtype)
    programs.store_splits(
        tmp_path,
        "values",
        {"image": tfds.features.Tensor(shape=shape, dtype=values.dtype)},
        {"train": tf.data.Dataset.from_tensor_slices({"image": values})},
    )
    if refused:
        with pytest.raises(InputError, match=r"plain floats.*\(4, 4, 2\)"):
            sources.open_dataset("values", str(tmp_path))
        return
    builder = sources.open_dataset("values", str(tmp_path))
    loaded, labels = load_arrays(builder, "train[:9]", 4, channels)
    stored = tfds.as_numpy(builder.as_dataset(split="train[:9]"))
    np.testing.assert_array_equal(loaded, [x["image"] for x in stored])
    assert loaded.dtype == ("uint8" if dtype == "uint8" else "float32")
    assert labels is None


def test_they_are_prepared_once(folder):
    sources.open_dataset("mixture_5", folder)
    before = programs.snapshot(folder)
    sources.open_dataset("mixture_5", folder)
    assert programs.snapshot(folder) == before
