"""The labelled subset and the order of its batches."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras import InputError
from ali_keras.data import labelled
from ali_keras.data.batches import training_batches
from ali_keras.data.labels import NO_LABEL

NUM_IMAGES = 60
LABELS = np.arange(NUM_IMAGES) % 3
# Each image is filled with its own number.
NUMBERED = np.tile(
    np.arange(NUM_IMAGES, dtype=np.uint8)[:, None, None, None], (1, 2, 2, 1)
)
SUBSET = labelled.LabelledSubset(
    np.array([3, 7, 8, 20, 41, 59]), np.array([0, 1, 2, 2, 2, 2])
)


def batches(steps, size=4, seed=0, subset=SUBSET, **replicas):
    """List of the batches of some steps, unlabelled ones of 8."""
    unlabelled = training_batches(
        NUMBERED, 8, seed, steps, 5, labels=LABELS, **replicas
    )
    return list(
        tfds.as_numpy(
            labelled.add_labelled(
                *(unlabelled, NUMBERED, subset, size, seed, steps), **replicas
            )
        )
    )


def numbers(images):
    return np.round(images[..., 0, 0, 0] * 255).astype(int)


def order(*arguments, **options):
    """Numbers of the labelled images of each batch."""
    found = batches(*arguments, **options)
    return np.stack([numbers(batch["labelled_image"]) for batch in found])


@pytest.mark.parametrize("num_labels", [3, 12, 60])
def test_each_class_gets_as_many_labels(num_labels):
    subset = labelled.choose(LABELS, num_labels, 3, seed=1)
    assert np.bincount(subset.labels).tolist() == [num_labels // 3] * 3
    np.testing.assert_array_equal(LABELS[subset.indices], subset.labels)
    assert len(set(subset.indices)) == num_labels
    assert (np.diff(subset.indices) > 0).all()


def test_the_first_classes_get_what_cannot_be_shared():
    subset = labelled.choose(LABELS, 11, 3, seed=1)
    assert np.bincount(subset.labels).tolist() == [4, 4, 3]


def test_the_seed_fixes_the_subset():
    one, same, other = (
        labelled.choose(LABELS, 12, 3, seed).indices for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert set(one) != set(other)


def test_without_a_number_all_labels_are_taken():
    labels = np.where(np.arange(NUM_IMAGES) < 50, LABELS, NO_LABEL)
    subset = labelled.choose(labels, None, 3, seed=1)
    np.testing.assert_array_equal(subset.indices, np.arange(50))
    few = labelled.choose(labels, 12, 3, seed=1)
    assert few.indices.max() < 50


@pytest.mark.parametrize(
    ("labels", "num_labels", "message"),
    [
        (LABELS, 2, "at least the number of classes, 3. Received: 2"),
        (LABELS, 61, "61 are 21 of class 0. Received: 20 labelled"),
        (LABELS[:59], 60, "60 are 20 of class 2. Received: 19 labelled"),
        (
            np.minimum(LABELS, 1),
            6,
            "labelled.*image. Received: none of class 2",
        ),
        (np.minimum(LABELS, 1), None, "Received: none of class 2"),
    ],
)
def test_too_few_labels_are_refused(labels, num_labels, message):
    with pytest.raises(InputError, match=message):
        labelled.choose(labels, num_labels, 3, seed=0)


def test_a_batch_holds_images_and_labelled_images_and_no_other_label():
    steps = range(3)
    plain = tfds.as_numpy(training_batches(NUMBERED, 8, 0, steps, 5))
    for batch, (images, _) in zip(batches(steps), plain, strict=True):
        assert batch.keys() == {"image", "labelled_image", "labelled_label"}
        np.testing.assert_array_equal(batch["image"], images)
        assert batch["labelled_image"].dtype == np.float32
        assert batch["labelled_label"].dtype == np.int32
        places = np.searchsorted(
            SUBSET.indices, numbers(batch["labelled_image"])
        )
        np.testing.assert_array_equal(
            batch["labelled_label"], SUBSET.labels[places]
        )


@pytest.mark.parametrize("size", [1, 4, 6, 15])
def test_the_labelled_images_come_in_whole_permutations(size):
    row = order(range(12), size).ravel()
    passes = row[: len(row) // 6 * 6].reshape(-1, 6)
    for one in passes:
        assert sorted(one) == SUBSET.indices.tolist()
    assert len({tuple(one) for one in passes}) > 1


def test_a_later_start_is_the_tail_of_the_run():
    whole = order(range(12))
    for start in (1, 5, 11):
        np.testing.assert_array_equal(order(range(start, 12)), whole[start:])


def test_another_seed_gives_another_order():
    assert (order(range(6)) != order(range(6), seed=1)).any()


@pytest.mark.parametrize("num_replicas", [2, 4])
def test_replicas_share_a_batch(num_replicas):
    whole = order(range(3), 8)
    options = {"num_replicas": num_replicas}
    all_shares = order(range(3), 8, replicas=range(num_replicas), **options)
    np.testing.assert_array_equal(all_shares.reshape(3, 8), whole)
    last = range(num_replicas - 1, num_replicas)
    share = 8 // num_replicas
    np.testing.assert_array_equal(
        order(range(3), 8, replicas=last, **options), whole[:, -share:]
    )


def test_the_labelled_batch_is_taken_out_of_a_batch():
    images = np.zeros((2, 4, 4, 1), "float32")
    data = {"image": images, "labelled_image": images + 1}
    found, labels = labelled.labelled_of(
        {**data, "labelled_label": np.array([[1], [0]], "int64")}
    )
    np.testing.assert_array_equal(found, images + 1)
    assert labels.dtype == tf.int32
    np.testing.assert_array_equal(labels, [1, 0])
    for batch in (images, (images, [1, 2]), {"image": images, "label": [1, 2]}):
        assert labelled.labelled_of(batch) is None
    with pytest.raises(ValueError, match="labelled_label.*Received: keys"):
        labelled.labelled_of(data)
    with pytest.raises(ValueError, match="floats in"):
        labelled.labelled_of(
            {"labelled_image": [[[[3]]]], "labelled_label": [0]}
        )
