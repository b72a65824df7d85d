"""What a training step must know of the replicas that it runs on."""

from ali_keras.lazy import tensorflow as tf


def num_replicas():
    """Returns the number of replicas in sync, 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def sum_over_replicas(value):
    """Sums a tensor over all replicas; call it in a replica's step."""
    if num_replicas() == 1:
        return value
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)


def check_steps_per_execution(number):
    """Raises `ValueError` for several on replicas: Keras 3.15 fails there."""
    if number > 1 and num_replicas() > 1:
        raise ValueError(
            "steps_per_execution must be 1 on several replicas. "
            f"Received: {number}"
        )


def reducible(results):
    """Gives scalars the shape in which Keras can reduce them over workers.

    Where there are several workers, Keras reduces the results of a step by
    `strategy.reduce("MEAN", value, axis=0)`, which a scalar has no axis for.

    Args:
        results: Dictionary of scalar tensors.

    Returns:
        Dictionary of tensors: of shape `(1,)` on several workers, else `()`.
    """
    if num_workers() == 1:
        return results
    return {name: tf.reshape(value, [1]) for name, value in results.items()}


def num_workers(strategy=None):
    """Returns over how many processes the replicas of a strategy are spread.

    Args:
        strategy: `tf.distribute.Strategy`; `None` is the one in scope.
    """
    strategy = strategy or tf.distribute.get_strategy()
    if strategy.num_replicas_in_sync == 1:  # The default knows of no devices.
        return 1
    num_local_replicas = len(strategy.extended.worker_devices)
    return strategy.num_replicas_in_sync // num_local_replicas


def wait_for_all(strategy):
    """Returns when all replicas of a strategy have come here."""
    _sum(strategy, 1)


def agree(strategy, number):
    """Whether no worker brings another integer."""
    return _sum(strategy, number) == number * strategy.num_replicas_in_sync


def _sum(strategy, number):
    if num_workers(strategy) == 1:
        return number * strategy.num_replicas_in_sync

    @tf.function
    def collect():
        local = strategy.run(lambda: tf.constant(number, tf.int64))
        return strategy.reduce(tf.distribute.ReduceOp.SUM, local, axis=None)

    return int(collect())
