"""How a conditional model comes to its labels."""

import tensorflow as tf

from ali_keras.data.labels import NO_LABEL
from ali_keras.data.labels import labels_of
from ali_keras.networks import condition as conditions


def size_of(batch):
    """Returns the size of a batch: an integer, in a graph maybe a tensor."""
    if getattr(batch, "shape", (None,))[0] is None:
        return tf.shape(batch)[0]
    return batch.shape[0]


class Labelled:
    """The part of `ALI` that takes labels, or refuses them.

    `self.condition` is the `Condition` of the networks; `None` if they take
    no label.
    """

    def labels_of_batch(self, data):
        """Takes out of a batch what the objective is told.

        Args:
            data: Batch as for `labels.labels_of`. Attributes stand at the key
                "attributes" of a dictionary, or second in a tuple.

        Returns:
            As `labels.labels_of`; of a conditional model a tensor that
            `Condition.check` has checked.

        Raises:
            ValueError: if a conditional model's batch has none.
        """
        if self.condition is None:
            return labels_of(data)
        if isinstance(data, dict):
            labels = data.get(self.condition.name)
        else:
            has_two = isinstance(data, (tuple, list)) and len(data) > 1
            labels = data[1] if has_two else None
        return self.condition.check(labels)

    def checked_labels(self, labels, num):
        """Checks the labels of a call.

        Args:
            labels: Array or tensor of labels or attributes, or one for all;
                `None` for an unconditional model.
            num: Integer or scalar integer tensor. Size of the batch.

        Returns:
            Tensor of `num` labels; `None` for an unconditional model.

        Raises:
            ValueError: if a conditional model is given none, or bad ones, or
                another number of them, or an unconditional one is given any.
        """
        if self.condition is None:
            if labels is not None:
                raise ValueError(
                    "An unconditional model must be given no labels. Received: "
                    f"labels of the type {type(labels).__name__}"
                )
            return None
        if labels is not None:
            labels = tf.convert_to_tensor(labels)
            if labels.shape == self.condition.shape:  # One for all.
                labels = tf.repeat(labels[tf.newaxis], num, axis=0)
        labels = self.condition.check(labels)
        found = labels.shape[0]
        if isinstance(num, int) and found not in (None, num):
            raise ValueError(
                f"There must be one label for each of {num} images or codes, "
                f"or one for all. Received: {found}"
            )
        return labels

    def example_labels(self, num):
        """Returns a tensor of labels that the objective may be told."""
        if self.condition is None:
            return tf.fill([num], NO_LABEL)
        return self.condition.check(self.condition.examples(num))

    def label_input(self, labels):
        """Brings checked labels to what the networks take, see `as_input`."""
        return conditions.as_input(self.encoder, labels)
