"""The labelled images of semi-supervised training, and their batches.

A step of such a training has two batches: images whose labels nobody looks
at, see `batches`, and images of a small labelled subset.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ali_keras import noise
from ali_keras.data.labels import NO_LABEL
from ali_keras.data.labels import labels_of
from ali_keras.data.preprocessing import images_of
from ali_keras.data.preprocessing import to_float
from ali_keras.errors import InputError


class LabelledSubset(NamedTuple):
    """Which images of a split are labelled, and their labels.

    Attributes:
        indices: Array of their numbers in the split, in rising order.
        labels: int64 array of the same length.
    """

    indices: np.ndarray
    labels: np.ndarray


def choose(labels, num_labels, num_classes, seed):
    """Chooses labelled images, as many of each class, by a seed.

    If the number is not divisible by that of the classes, the first classes
    get one image more than the others.

    Args:
        labels: Integer array `(num_examples,)`; `NO_LABEL` is an image
            without a label.
        num_labels: Integer; `None` is all images that have a label.
        num_classes: Integer.
        seed: Integer.

    Returns:
        `LabelledSubset`.

    Raises:
        InputError: if a class would get no image, or has fewer than it
            should give.
    """
    by_class = [np.flatnonzero(labels == c) for c in range(num_classes)]
    empty = [c for c, found in enumerate(by_class) if not len(found)]
    if empty:
        raise InputError(
            "Each of the discriminator's classes must have a labelled "
            f"training image. Received: none of class {empty[0]}"
        )
    if num_labels is None:
        indices = np.flatnonzero(labels != NO_LABEL)
        return LabelledSubset(indices, labels[indices])
    shares = _shares(num_labels, num_classes)
    for number, (found, share) in enumerate(zip(by_class, shares, strict=True)):
        if len(found) < share:
            raise InputError(
                f"num_labels must not ask for more labels than there are: "
                f"{num_labels} are {share} of class {number}. Received: "
                f"{len(found)} labelled training images of that class"
            )
    random = np.random.default_rng(seed)
    chosen = [
        random.choice(found, share, replace=False)
        for found, share in zip(by_class, shares, strict=True)
    ]
    indices = np.sort(np.concatenate(chosen))
    return LabelledSubset(indices, labels[indices])


def _shares(num_labels, num_classes):
    if num_labels < num_classes:
        raise InputError(
            f"num_labels must be at least the number of classes, "
            f"{num_classes}. Received: {num_labels}"
        )
    share, more = divmod(num_labels, num_classes)
    return [share + (number < more) for number in range(num_classes)]


def add_labelled(
    dataset,
    images,
    subset,
    batch_size,
    seed,
    steps,
    replicas=range(1),
    num_replicas=1,
):
    """Adds a labelled batch to each batch of a training.

    The labelled images come in an endless row of permutations of them, whose
    order is a function of the seed. A step takes the next `batch_size`, and
    can be had without those before it.

    Args:
        dataset: What `batches.training_batches` returned for the same steps
            and replicas. Its labels are left out.
        images: Array of all training images.
        subset: `LabelledSubset` of them.
        batch_size: Integer. Labelled images of a step, over all replicas.
        seed: Integer.
        steps: `range` of steps, counted from the start of the training.
        replicas: `range` of the replicas whose shares are wanted.
        num_replicas: Integer. Among so many the batch is split.

    Returns:
        `tf.data.Dataset` of dictionaries: `image`; `labelled_image`, float32
        `(batch_size / num_replicas, ...)`; and `labelled_label`, int32.
    """
    pixels = tf.constant(images[subset.indices])
    classes = tf.constant(subset.labels, tf.int32)
    share_size = batch_size // num_replicas
    key = noise.fold(seed, noise.LABELLED_ORDER)

    def share(number):
        step, replica = number // len(replicas), number % len(replicas)
        first = step * batch_size + (replicas.start + replica) * share_size
        places = first + tf.range(share_size, dtype=tf.int64)
        indices = noise.permuted(places, key, len(subset.indices))
        return to_float(tf.gather(pixels, indices)), tf.gather(classes, indices)

    labelled = tf.data.Dataset.range(
        steps.start * len(replicas), steps.stop * len(replicas)
    ).map(share, tf.data.AUTOTUNE)
    return tf.data.Dataset.zip(dataset, labelled).map(
        lambda unlabelled, labelled: {
            "image": unlabelled[0],
            "labelled_image": labelled[0],
            "labelled_label": labelled[1],
        }
    )


def labelled_of(data, dtype="float32", bounded=True):
    """Takes the labelled batch out of a batch.

    Args:
        data: Batch as for `preprocessing.images_of`. A dictionary may have
            the keys "labelled_image" and "labelled_label".
        dtype: As for `images_of`.
        bounded: As for `images_of`.

    Returns:
        Tuple of images and of int32 labels; `None` if there are none.

    Raises:
        ValueError: if there are labelled images without labels, or as for
            `images_of`.
    """
    if not isinstance(data, dict) or "labelled_image" not in data:
        return None
    labels = labels_of({"label": data.get("labelled_label")})
    if labels is None:
        raise ValueError(
            "A batch with the key 'labelled_image' must hold integers at the "
            f"key 'labelled_label'. Received: keys {sorted(data)}"
        )
    return images_of(data["labelled_image"], dtype, bounded), labels
