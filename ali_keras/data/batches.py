"""Batches for `fit`, in an order that is fixed by a seed."""

import numpy as np
import tensorflow as tf

from ali_keras import noise
from ali_keras.data.labels import check_balanced
from ali_keras.data.labels import or_no_labels
from ali_keras.data.preprocessing import to_float
from ali_keras.errors import InputError


def training_batches(
    images,
    batch_size,
    seed,
    steps,
    steps_per_epoch,
    replicas=range(1),
    num_replicas=1,
    labels=None,
    balanced=False,
):
    """Batches for `fit`, whose order is a function of (seed, epoch).

    Each epoch runs through its own permutations of the images, as many as its
    steps need; the images that fill no batch at the end of a permutation are
    left out of it. Balanced batches take the classes in turn instead, see
    `_balanced_order`. Any batch can be had without those before it, so that a
    run can start at any step.

    Args:
        images: Array `(num_examples, height, width, channels)`: uint8, or
            float32, which is taken as it is.
        batch_size: Integer. Global batch size, over all replicas.
        seed: Integer.
        steps: `range` of steps, counted from the start of the training.
        steps_per_epoch: Integer.
        replicas: `range` of the replicas whose shares are wanted.
        num_replicas: Integer. Among so many the global batch is split.
        labels: Integer array `(num_examples,)`; `None` if there are none.
        balanced: Boolean. Whether each class comes equally often, however
            few images it has.

    Returns:
        `tf.data.Dataset` of tuples: images, float32 `(batch_size /
        num_replicas, height, width, channels)`, in [0, 1] if the array is
        uint8; and int32 labels, `labels.NO_LABEL` where there are none. For
        each step it has the shares of these replicas, one after the other.

    Raises:
        InputError: if there are fewer images than a batch holds; or if
            balanced batches are wanted and an image has no class.
    """
    num_images = len(images)
    check_batch_size(batch_size, num_images)
    pixels = tf.constant(images)
    classes = or_no_labels(labels, num_images)
    share_size = batch_size // num_replicas
    if balanced:
        order = _balanced_order(labels, batch_size, seed)
    else:
        order = _order(num_images, batch_size, seed, steps_per_epoch)

    def share(step, replica):
        first = replica * share_size
        indices = order(step, first + tf.range(share_size, dtype=tf.int64))
        return to_float(tf.gather(pixels, indices)), tf.gather(classes, indices)

    def split(number):
        # Of the shares that are wanted: each step has len(replicas) of them.
        return number // len(replicas), replicas.start + number % len(replicas)

    dataset = tf.data.Dataset.range(
        steps.start * len(replicas), steps.stop * len(replicas)
    )
    return dataset.map(
        lambda number: share(*split(number)), tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)


def _order(num_images, batch_size, seed, steps_per_epoch):
    """Returns a function of a step and of places in its batch, to indices."""
    steps_per_pass = num_images // batch_size

    def order(step, places):
        epoch, step = step // steps_per_epoch, step % steps_per_epoch
        number, step = step // steps_per_pass, step % steps_per_pass
        return tf.random.experimental.index_shuffle(
            step * batch_size + places,
            noise.fold(seed, epoch, number),
            num_images - 1,
        )

    return order


def _balanced_order(labels, batch_size, seed):
    """Returns a function as `_order` does, of batches that balance classes.

    All batches of the training make one row, whose places go to the classes
    in turn. Each class has an endless row of permutations of its images and
    puts the next one into its next place.
    """
    check_balanced(labels)
    by_class = np.argsort(labels, kind="stable")
    _, starts, sizes = np.unique(
        labels[by_class], return_index=True, return_counts=True
    )
    num_classes = len(sizes)
    key = noise.fold(seed, noise.BALANCED_ORDER)
    keys = tf.stack([noise.fold(key, number) for number in range(num_classes)])
    by_class, starts, sizes = map(tf.constant, (by_class, starts, sizes))

    def order(step, places):
        places = step * batch_size + places
        turns, numbers = places // num_classes, places % num_classes
        within = noise.permuted(
            turns, tf.gather(keys, numbers), tf.gather(sizes, numbers)
        )
        return tf.gather(by_class, tf.gather(starts, numbers) + within)

    return order


def check_batch_size(batch_size, num_images):
    """Raises `InputError` if there are fewer images than a batch holds."""
    if num_images < batch_size:
        raise InputError(
            f"batch_size must be at most the number of training images, "
            f"{num_images}. Received: {batch_size}"
        )


def replicas_of(context):
    """Returns the `range` of replicas that an input pipeline feeds.

    Args:
        context: `tf.distribute.InputContext`.
    """
    num = context.num_replicas_in_sync // context.num_input_pipelines
    first = context.input_pipeline_id * num
    return range(first, first + num)
