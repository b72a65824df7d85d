"""The labels of a batch, whatever users have beside their images."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras.data.labels import NO_LABEL
from ali_keras.data.labels import labels_of
from ali_keras.data.labels import or_no_labels

IMAGES = np.zeros((3, 2, 2, 1), "float32")


@pytest.mark.parametrize(
    "labels",
    (
        np.array([2, 0, 1]),
        np.array([[2], [0], [1]], "uint8"),
        tf.constant([2, 0, 1], tf.int64),
        [2, 0, 1],
    ),
)
@pytest.mark.parametrize(
    "batch",
    (
        lambda labels: (IMAGES, labels),
        lambda labels: [IMAGES, labels],
        lambda labels: (IMAGES, labels, None),
        lambda labels: {"image": IMAGES, "label": labels},
    ),
)
def test_class_labels_are_found(batch, labels):
    found = labels_of(batch(labels))
    assert found.dtype == tf.int32
    np.testing.assert_array_equal(found, [2, 0, 1])


def test_a_vector_of_attributes_stays_one():
    attributes = np.array([[1, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(labels_of((IMAGES, attributes)), attributes)


@pytest.mark.parametrize(
    "batch",
    (
        IMAGES,
        (IMAGES,),
        (IMAGES, None),
        (IMAGES, IMAGES),
        (IMAGES, np.array(["a", "b", "c"])),
        (IMAGES, {"label": [1, 2, 3]}),
        (IMAGES, tf.ragged.constant([[1], [2, 3], []])),
        (IMAGES, tf.sparse.from_dense([[1, 0], [0, 2], [0, 0]])),
        {"image": IMAGES},
        {"image": IMAGES, "name": np.array(["a", "b", "c"])},
    ),
)
def test_what_is_no_label_is_ignored(batch):
    assert labels_of(batch) is None


def test_images_without_labels_get_none_each():
    np.testing.assert_array_equal(or_no_labels(None, 2), [NO_LABEL] * 2)
    np.testing.assert_array_equal(or_no_labels(np.array([4, 5]), 2), [4, 5])
