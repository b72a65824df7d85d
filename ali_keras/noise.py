"""Stateless noise: a function of (seed, step), alike on any replica count.

A seed and counters such as the training step are folded into a *key*. Noise
is drawn from the key for the **global** batch, and each replica of a
`tf.distribute` strategy keeps its own slice. So replicas differ, a resumed
run repeats nothing, and N replicas see the numbers that one would see.

`keras.random` does not serve here: it draws alike on all replicas, and the
state of its generators is not saved with the model.
"""

import contextlib
import threading

from ali_keras.lazy import tensorflow as tf

# Streams of noise within one step: each draw of a step has its own.
PRIOR, POSTERIOR, INSTANCE, DROPOUT, SHIFT, REGRESSION, CYCLE = range(7)
LABELLED, LABELLED_DROPOUT, LABELLED_INSTANCE, LABELLED_SHIFT = range(7, 11)
# Streams of the data, beside the epochs: see `data.labelled`, `data.batches`.
LABELLED_ORDER, BALANCED_ORDER = -1, -2

_active = threading.local()  # Strategies trace each replica in a thread.


def fold(seed, *counters):
    """Folds counters into a seed and returns a key.

    Args:
        seed: Integer, or a key that this function returned.
        *counters: Integers or scalar integer tensors, such as a step and the
            number of a stream of noise within the step.

    Returns:
        Key: an int32 tensor of shape `(2,)`.
    """
    key = tf.convert_to_tensor(seed)
    if key.shape.rank == 0:
        key = tf.stack([tf.cast(key, tf.int32), 0])
    for counter in counters:
        key = tf.random.experimental.stateless_fold_in(
            key, tf.cast(counter, tf.int32), alg="philox"
        )
    return key


def permuted(places, key, size):
    """Takes places in an endless row of permutations to what stands there.

    Args:
        places: int64 tensor `(number,)`, from 0 on.
        key: int32 tensor of shape `(2,)`, see `fold`; or `(number, 2)`, a row
            of its own for each place.
        size: Integer. The permutations are of the numbers below it; or int64
            tensor `(number,)`.

    Returns:
        int64 tensor `(number,)`.
    """
    passes = tf.cast(places // size, tf.int32)
    # A key for each place: that of the permutation which it lies in. (The
    # public function takes one key for all.)
    keys = tf.broadcast_to(key, [tf.size(places), 2])
    return tf.raw_ops.RandomIndexShuffle(
        index=places % size,
        seed=tf.concat([keys, passes[:, None]], axis=1),
        max_index=tf.cast(size, places.dtype) - 1,
        rounds=4,
    )


def normal(key, shape, dtype="float32"):
    """Draws standard normal noise, this replica's slice of the global batch.

    Args:
        key: int32 tensor of shape `(2,)`, see `fold`.
        shape: Shape of the replica's slice; axis 0 is the local batch.
        dtype: Type of the result.

    Returns:
        Tensor of the given shape.
    """
    return _replica_slice(tf.random.stateless_normal, key, shape, 1, dtype)


def uniform(key, shape, dtype="float32"):
    """Draws uniform noise in [0, 1). Arguments and result as `normal`."""
    return _replica_slice(tf.random.stateless_uniform, key, shape, 1, dtype)


def rows(distribution, key, first, shape, dtype="float32"):
    """Draws the rows from `first` on of an array of more rows, on one replica.

    Args:
        distribution: "normal" or "uniform": the rows are those of the
            function of that name.
        key: int32 tensor of shape `(2,)`, see `fold`.
        first: Integer. The number of the first row.
        shape: Tuple of integers, `(num_rows, row_size)`.
        dtype: Type of the result.

    Returns:
        Tensor of the given shape.
    """
    num_rows, row_size = shape
    # One count of Philox gives 128 bits, of which no number takes less than
    # 32.
    per_count = 2 if dtype == "float64" else 4
    count, skipped = divmod(first * row_size, per_count)
    philox_key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=key)
    draw = {
        "normal": tf.raw_ops.StatelessRandomNormalV2,
        "uniform": tf.raw_ops.StatelessRandomUniformV2,
    }[distribution]
    drawn = draw(
        shape=[skipped + num_rows * row_size],
        key=philox_key,
        counter=counter + tf.constant([count, 0], "uint64"),
        alg=tf.random.Algorithm.PHILOX.value,
        dtype=dtype,
    )
    return tf.reshape(drawn[skipped:], shape)


@contextlib.contextmanager
def scope(key, groups=1):
    """Gives stateless layers their key while a network is called.

    Args:
        key: int32 tensor of shape `(2,)`, see `fold`.
        groups: Integer. The batch is this many sub-batches in a row, each of
            which is split over the replicas on its own. Defaults to 1.
    """
    outer = getattr(_active, "value", None)
    _active.value = (key, groups)
    try:
        yield
    finally:
        _active.value = outer


def is_in_scope():
    """Whether a `scope` is active."""
    return getattr(_active, "value", None) is not None


def uniform_in_scope(stream, shape, dtype="float32"):
    """Draws uniform noise in [0, 1) with the key of the active `scope`.

    Args:
        stream: Integer that tells the draws of one scope apart.
        shape: Shape of the replica's slice; axis 0 is the local batch.
        dtype: Type of the result.

    Raises:
        ValueError: if no `scope` is active.
    """
    return _draw_in_scope(tf.random.stateless_uniform, stream, shape, dtype)


def normal_in_scope(stream, shape, dtype="float32"):
    """Draws standard normal noise with the key of the active `scope`.

    Arguments and errors as `uniform_in_scope`.
    """
    return _draw_in_scope(tf.random.stateless_normal, stream, shape, dtype)


def _draw_in_scope(draw, stream, shape, dtype):
    if not is_in_scope():
        raise ValueError(
            "Stateless layers draw noise only inside `ali_keras.noise.scope`. "
            "Open it around the call with training=True. Received: no scope"
        )
    key, groups = _active.value
    return _replica_slice(draw, fold(key, stream), shape, groups, dtype)


def _replica_slice(draw, key, shape, groups, dtype):
    context = tf.distribute.get_replica_context()
    num_replicas = context.num_replicas_in_sync if context else 1
    if num_replicas == 1:
        return draw(shape, key, dtype=dtype, alg="philox")
    group_size = shape[0] // groups
    tail = tf.convert_to_tensor(shape)[1:]
    drawn = draw(
        tf.concat([[groups, num_replicas, group_size], tail], axis=0),
        key,
        dtype=dtype,
        alg="philox",
    )
    local = tf.gather(drawn, context.replica_id_in_sync_group, axis=1)
    return tf.reshape(local, shape)
