"""What a training step needs to know about its replicas."""

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
    """Raises `ValueError` for several steps: Keras 3.15 fails on replicas."""
    if number > 1 and num_replicas() > 1:
        raise ValueError(
            "steps_per_execution must be 1 on several replicas. "
            f"Received: {number}"
        )


def reducible(results):
    """Gives scalars the shape in which Keras can reduce them over workers.

    With several workers, Keras reduces the results of a step by
    `strategy.reduce("MEAN", value, axis=0)`. A scalar has no axis 0.

    Args:
        results: Dictionary of scalar tensors.

    Returns:
        Dictionary of tensors: of shape `(1,)` on several workers, else `()`.
    """
    if num_workers() == 1:
        return results
    return {name: tf.reshape(value, [1]) for name, value in results.items()}


def num_workers(strategy=None):
    """Returns the number of processes that a strategy's replicas run on.

    Args:
        strategy: `tf.distribute.Strategy`; `None` is the one in scope.
    """
    strategy = strategy or tf.distribute.get_strategy()
    if strategy.num_replicas_in_sync == 1:  # The default one lists no devices.
        return 1
    num_local_replicas = len(strategy.extended.worker_devices)
    return strategy.num_replicas_in_sync // num_local_replicas


def wait_for_all(strategy):
    """Waits until all replicas of a strategy have called this."""
    _sum(strategy, 1)


def agree(strategy, number):
    """Whether all workers pass the same integer."""
    return _sum(strategy, number) == number * strategy.num_replicas_in_sync


def _sum(strategy, number):
    if num_workers(strategy) == 1:
        return number * strategy.num_replicas_in_sync

    @tf.function
    def collect():
        local = strategy.run(lambda: tf.constant(number, tf.int64))
        return strategy.reduce(tf.distribute.ReduceOp.SUM, local, axis=None)

    return int(collect())
