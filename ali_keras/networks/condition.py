"""What the networks of a conditional model are told: a label or attributes.

Each network has one Keras input more, its last. Encoder and decoder take
[image, label] and [z, label], the discriminator [image, z, label]. Class
labels are integers, attributes are vectors of numbers.
"""

from typing import NamedTuple

import numpy as np

from ali_keras.errors import InputError
from ali_keras.lazy import keras
from ali_keras.lazy import tensorflow as tf

LABELS, ATTRIBUTES = "labels", "attributes"
CONDITIONS = ("none", LABELS, ATTRIBUTES)


class Condition(NamedTuple):
    """The kind and the size of what conditional networks are told.

    Attributes:
        kind: `LABELS` or `ATTRIBUTES`.
        size: Integer. Number of classes, or length of the vector.
    """

    kind: str
    size: int

    @property
    def name(self):
        """Of inputs and of the feature of a data set: "label", "attributes"."""
        return "label" if self.kind == LABELS else "attributes"

    @property
    def num_classes(self):
        """Integer; `None` for attributes."""
        return self.size if self.kind == LABELS else None

    @property
    def shape(self):
        """Tuple: the shape of one label, or of one vector of attributes."""
        return () if self.kind == LABELS else (self.size,)

    @property
    def dtype(self):
        """Name of the type in which they enter a network."""
        return "int32" if self.kind == LABELS else "float32"

    def spec(self, batch_size=None):
        """Returns the `tf.TensorSpec` of a batch, as data sets have it."""
        dtype = "int64" if self.kind == LABELS else self.dtype
        return tf.TensorSpec((batch_size, *self.shape), dtype, self.name)

    def input(self):
        """Makes the Keras input of a network."""
        return keras.Input(self.shape, dtype=self.dtype, name=self.name)

    def examples(self, num):
        """Returns an array of `num` labels in turn, or vectors of zeros."""
        if self.kind == LABELS:
            return np.arange(num, dtype="int32") % self.size
        return np.zeros((num, self.size), "float32")

    def check(self, labels):
        """Checks arrays, or tensors in a graph, and brings them to `dtype`.

        Args:
            labels: Array or tensor `(batch, *shape)`: integers of classes, or
                numbers. `labels.NO_LABEL` is none, and out of range.

        Returns:
            Tensor `(batch, *shape)`.

        Raises:
            InputError: if there are none, their type, shape or range is
                another. In a graph the range is checked as it runs, with
                `tf.errors.InvalidArgumentError`. (XLA leaves that out.)
        """
        if labels is None:
            raise InputError(f"{self._rule()}. Received: none")
        labels = tf.convert_to_tensor(labels)
        if labels.dtype == tf.bool and self.kind == ATTRIBUTES:
            labels = tf.cast(labels, self.dtype)
        if labels.shape[1:] == (1,) and self.kind == LABELS:
            labels = tf.squeeze(labels, 1)
        is_number = labels.dtype.is_floating and self.kind == ATTRIBUTES
        fits = labels.shape.is_compatible_with((None, *self.shape))
        if not (fits and (is_number or labels.dtype.is_integer)):
            raise InputError(
                f"{self._rule()}. Received: {labels.dtype.name} of the shape "
                f"{tuple(labels.shape)}"
            )
        if self.kind == ATTRIBUTES:
            labels = tf.cast(labels, self.dtype)
            return tf.debugging.check_numerics(labels, "Must be finite")
        return tf.cast(self._check_range(labels), self.dtype)

    def between(self, first, second, share):
        """Goes from a batch of labels to another, for interpolations.

        Args:
            first: Tensor, as `check` returns it.
            second: Tensor likewise.
            share: Float in [0, 1]. How far it goes.

        Returns:
            Tensor: vectors of attributes on the line between both. Of class
            labels, which have nothing between them, the nearer ones.
        """
        if self.kind == ATTRIBUTES:
            return first + (second - first) * share
        return first if share < 0.5 else second

    def _rule(self):
        if self.kind == LABELS:
            return (
                "The labels of a conditional model must be given, an integer "
                f"in [0, {self.size - 1}] for each image"
            )
        return (
            "The attributes of a conditional model must be given, a vector of "
            f"{self.size} numbers for each image"
        )

    def _check_range(self, labels):
        inside = tf.logical_and(labels >= 0, labels < self.size)
        if tf.executing_eagerly():
            outside = labels.numpy()[~inside.numpy()]
            if outside.size:
                raise InputError(f"{self._rule()}. Received: {outside[0]}")
            return labels
        check = tf.debugging.Assert(
            tf.reduce_all(inside), [f"{self._rule()}. Received:", labels]
        )
        with tf.control_dependencies([check]):
            return tf.identity(labels)


def one_hot(labels, size):
    """Returns float32 vectors `(batch, size)` of labels `(batch,)`.

    A label out of range gives zeros. It is arithmetic of integers, because
    LiteRT's converter of TensorFlow 2.21 makes wrong numbers in int8 of both
    plainer ways: of `ONE_HOT`, and of a comparison times a matrix, which it
    makes an `EMBEDDING_LOOKUP` whose result has another scale than its table.
    """
    distances = tf.abs(labels[:, None] - tf.range(size, dtype=labels.dtype))
    return tf.cast(tf.maximum(1 - distances, 0), tf.float32)


def as_input(network, labels):
    """Brings labels to what a network takes.

    Args:
        network: `keras.Model` whose last input is a label, if it has more
            than one. A function in its place takes none.
        labels: Tensor of integers `(batch,)` or of vectors, or `None`.

    Returns:
        Tensor: as it is for integers `(batch,)`, one-hot if the network takes
        vectors. `None` if it takes no label.
    """
    inputs = getattr(network, "inputs", ())
    if len(inputs) < 2:
        return None
    wanted = inputs[-1]
    if len(wanted.shape) == 2 and labels.shape.rank == 1:
        size = wanted.shape[1]
        is_column = size == 1
        labels = labels[:, None] if is_column else one_hot(labels, size)
    return tf.cast(labels, wanted.dtype)


def joined(*inputs):
    """Returns the inputs of a network: a list without `None`, or the only."""
    there = [each for each in inputs if each is not None]
    return there[0] if len(there) == 1 else there
