"""The figures that a step reports: means over an epoch."""

import keras
import tensorflow as tf

from ali_keras.distribution import replicas

NAMES = (
    "discriminator_loss",
    "generator_loss",
    "discriminator_accuracy",
    "gradient_penalty",
    "cycle_loss",
    "cycle_discriminator_loss",
    "latent_regression_loss",
    "reconstruction_error",
)


def make_trackers():
    """Returns a dictionary of `keras.metrics.Mean`, one for each figure."""
    return {name: keras.metrics.Mean(name=name) for name in NAMES}


def track(trackers, terms, batch_size, leave_out_overflows=False):
    """Takes a batch's terms into the means.

    Args:
        trackers: What `make_trackers` returned.
        terms: Dictionary of scalar tensors.
        batch_size: Integer or scalar integer tensor. The terms' weight.
        leave_out_overflows: Boolean. Whether terms that are not finite belong
            to a skipped step, and are no figures.

    Returns:
        Dictionary of the means so far, with the keys of `terms`.
    """
    for name, value in terms.items():
        weight = batch_size
        if leave_out_overflows:
            is_finite = tf.math.is_finite(value)
            value = tf.where(is_finite, value, 0.0)
            weight = tf.where(is_finite, batch_size, 0)
        trackers[name].update_state(value, sample_weight=weight)
    return {name: trackers[name].result() for name in terms}


def state(model):
    """Returns the sums behind a model's means, as `json` can write them.

    On several workers, all of them would have to ask at once: `None` there.
    """
    if replicas.num_workers(model.distribute_strategy) > 1:
        return None
    return {
        name: [float(variable.numpy()) for variable in tracker.variables]
        for name, tracker in model.trackers.items()
    }


def set_state(model, state):
    """Takes a model's means back to a `state`."""
    for name, values in state.items():
        for variable, value in zip(
            model.trackers[name].variables, values, strict=True
        ):
            variable.assign(value)
