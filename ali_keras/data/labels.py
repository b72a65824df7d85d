"""The labels of a batch."""

import numpy as np
import tensorflow as tf

from ali_keras.errors import InputError

# An image whose class is not known.
NO_LABEL = -1
# What users may have beside their images, and cannot be class labels.
_NO_TENSORS = (dict, tf.RaggedTensor, tf.SparseTensor)


def labels_of(data):
    """Takes the labels out of a batch.

    Args:
        data: Batch as for `preprocessing.images_of`. Labels are the second
            item of a tuple, or stand at the key "label" of a dictionary.
            Class labels are integers `(batch,)` or `(batch, 1)`; `NO_LABEL`
            is an image without one.

    Returns:
        int32 tensor `(batch,)`, or `(batch, num_attributes)` for vectors of
        integers. `None` if the batch has images alone, or something else than
        integers beside them.
    """
    if isinstance(data, dict):
        labels = data.get("label")
    else:
        has_two = isinstance(data, (tuple, list)) and len(data) > 1
        labels = data[1] if has_two else None
    if labels is None or isinstance(labels, _NO_TENSORS):
        return None
    labels = tf.convert_to_tensor(labels)
    if not labels.dtype.is_integer:
        return None
    labels = tf.cast(labels, tf.int32)
    return tf.squeeze(labels, 1) if labels.shape[1:] == (1,) else labels


def or_no_labels(labels, num_images):
    """Returns labels as tensors: as many `NO_LABEL` if they are `None`.

    Integers become int32, vectors of attributes float32.
    """
    if labels is None:
        return tf.fill([num_images], NO_LABEL)
    labels = tf.convert_to_tensor(labels)
    return tf.cast(labels, "float32" if labels.dtype.is_floating else "int32")


def check_all(labels, num_classes, split):
    """Checks that a split can train or show a model of class labels.

    Args:
        labels: Integer array `(num_examples,)`, or `None`.
        num_classes: Integer.
        split: String, the split's name.

    Raises:
        InputError: if an example has no label, or one out of range.
    """
    rule = (
        "With conditional=labels, every image must have a label, an integer "
        f"in [0, {num_classes - 1}]"
    )
    if labels is None:
        raise InputError(f"{rule}. Received: {split} without labels")
    outside = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if len(outside):
        raise InputError(
            f"{rule}. Received: {split}, where {len(outside)} of "
            f"{len(labels)} have none or another, such as {labels[outside[0]]}"
        )


def check_balanced(labels):
    """Checks that training images can be drawn by their classes.

    Args:
        labels: Array of labels of the training images, or `None`.

    Raises:
        InputError: if an image has no class.
    """
    rule = "With balanced_classes, every training image must have a class label"
    if labels is None:
        raise InputError(f"{rule}. Received: images without labels")
    if labels.ndim > 1:
        raise InputError(f"{rule}. Received: vectors of attributes")
    num_without = np.count_nonzero(labels < 0)
    if num_without:
        raise InputError(
            f"{rule}. Received: {num_without} of {len(labels)} images without "
            "one"
        )
