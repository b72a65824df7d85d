"""Batches for `fit`, in an order that is fixed by a seed."""

import tensorflow as tf

from ali_keras import noise
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
):
    """Batches for `fit`, whose order is a function of (seed, epoch).

    Each epoch runs through its own permutations of the images, as many as its
    steps need; the images that fill no batch at the end of a permutation are
    left out of it. Any batch can be had without those before it, so that a
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

    Returns:
        `tf.data.Dataset` of tuples: images, float32 `(batch_size /
        num_replicas, height, width, channels)`, in [0, 1] if the array is
        uint8; and int32 labels, `labels.NO_LABEL` where there are none. For
        each step it has the shares of these replicas, one after the other.

    Raises:
        InputError: if there are fewer images than a batch holds.
    """
    num_images = len(images)
    check_batch_size(batch_size, num_images)
    pixels = tf.constant(images)
    classes = or_no_labels(labels, num_images)
    steps_per_pass = num_images // batch_size
    share_size = batch_size // num_replicas

    def share(step, replica):
        epoch, step = step // steps_per_epoch, step % steps_per_epoch
        number, step = step // steps_per_pass, step % steps_per_pass
        first = step * batch_size + replica * share_size
        indices = tf.random.experimental.index_shuffle(
            first + tf.range(share_size, dtype=tf.int64),
            noise.fold(seed, epoch, number),
            num_images - 1,
        )
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
