"""What a training step must know of the replicas that it runs on."""

import tensorflow as tf


def num_replicas():
    """Returns the number of replicas in sync, 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def sum_over_replicas(value):
    """Sums a tensor over all replicas; call it in a replica's step."""
    if num_replicas() == 1:
        return value
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)


def reducible(results):
    """Gives scalars the shape in which Keras can reduce them over workers.

    Where there are several workers, Keras reduces the results of a step by
    `strategy.reduce("MEAN", value, axis=0)`, which a scalar has no axis for.

    Args:
        results: Dictionary of scalar tensors.

    Returns:
        Dictionary of tensors: of shape `(1,)` on several workers, else `()`.
    """
    if num_replicas() == _num_local_replicas():
        return results
    return {name: tf.reshape(value, [1]) for name, value in results.items()}


def _num_local_replicas():
    if not tf.distribute.has_strategy():
        return 1
    return len(tf.distribute.get_strategy().extended.worker_devices)
