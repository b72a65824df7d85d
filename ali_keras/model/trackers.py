"""Means over an epoch of the terms that a step reports."""

import keras
import tensorflow as tf

from ali_keras.distribution import replicas

# What an evaluation reports besides the objective's terms.
RECONSTRUCTION_ERROR = "reconstruction_error"


class Trackers:
    """A `keras.metrics.Mean` for each term of an objective.

    Its `means` are a dictionary by the terms' names. (A plain dictionary as
    the attribute of a model that is built already is what Keras refuses.)

    Args:
        objective: `Objective`, whose terms bring their names.
        more_terms: Sequence of `Term`s that the networks bring.
    """

    def __init__(self, objective, more_terms=()):
        terms = [*objective.all_terms(), *more_terms]
        names = [term.name for term in terms]
        names.append(RECONSTRUCTION_ERROR)
        self.means = {name: keras.metrics.Mean(name=name) for name in names}

    @property
    def num_seen(self):
        """Scalar tensor: images that this replica has seen since the reset."""
        return next(iter(self.means.values())).count

    def track(self, terms, batch_size, leave_out_overflows=False):
        """Takes a batch's terms into the means.

        Args:
            terms: Dictionary of scalar tensors.
            batch_size: Integer or scalar integer tensor. The terms' weight.
            leave_out_overflows: Boolean. Whether terms that are not finite
                belong to a skipped step, and do not count.

        Returns:
            Dictionary of the means so far, with the keys of `terms`.
        """
        for name, value in terms.items():
            weight = batch_size
            if leave_out_overflows:
                is_finite = tf.math.is_finite(value)
                value = tf.where(is_finite, value, 0.0)
                weight = tf.where(is_finite, batch_size, 0)
            self.means[name].update_state(value, sample_weight=weight)
        return {name: self.means[name].result() for name in terms}


def state(model):
    """Returns the sums behind a model's means, as `json` can write them.

    On several workers, all of them would have to ask at once: `None` there.
    """
    if replicas.num_workers(model.distribute_strategy) > 1:
        return None
    return {
        name: [float(variable.numpy()) for variable in mean.variables]
        for name, mean in model.trackers.means.items()
    }


def set_state(model, state):
    """Takes a model's means back to a `state`."""
    for name, values in state.items():
        for variable, value in zip(
            model.trackers.means[name].variables, values, strict=True
        ):
            variable.assign(value)
