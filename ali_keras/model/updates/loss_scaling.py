"""float16: losses are scaled, and an overflow anywhere is survived everywhere.

Keras' `LossScaleOptimizer` skips an update whose gradients are not finite and
halves its scale. Under a distribution strategy it asks the first replica only
(Keras 3.15): an overflow on another one goes into the weights. And it knows
nothing of the statistics that BatchNormalization has assigned before there
are any gradients. This module sees to both.
"""

import contextlib

import keras
import tensorflow as tf

from ali_keras.distribution.replicas import sum_over_replicas

# A smaller scale would shrink what is too large already without any scale:
# such an overflow is not the scale's doing, and halving cannot heal it.
LOWEST_SCALE = 1.0


def scaled(optimizer, networks):
    """Wraps an optimizer if a network computes in float16.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
        networks: `keras.Model`s.

    Returns:
        `keras.optimizers.LossScaleOptimizer`, or the optimizer as it was.
    """
    computes_in = {
        # A wrapper that normalises a kernel works in float32 itself.
        getattr(layer, "layer", layer).compute_dtype
        for network in networks
        for layer in network.layers
    }
    if "float16" not in computes_in or is_scaled(optimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def is_scaled(optimizer):
    """Whether an optimizer scales its loss."""
    return isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def is_used_by(players):
    """Whether the optimizers of all players scale their losses."""
    return all(is_scaled(player.optimizer) for player in players)


def scales(discriminator, generator):
    """Returns the loss scales of two players by name, none if unscaled."""
    players = {"discriminator": discriminator, "generator": generator}
    return {
        f"{name}_loss_scale": tf.convert_to_tensor(
            player.optimizer.dynamic_scale
        )
        for name, player in players.items()
        if is_scaled(player.optimizer)
    }


def agree_on_overflow(gradients):
    """Makes an overflow on one replica an overflow on all.

    Args:
        gradients: Lists of this replica's gradients, a list for each
            optimizer; `None` where a variable has no part in the loss.

    Returns:
        Tuple of the lists, where all gradients of a list are NaN if any of
        that list is not finite on any replica, and a list of scalar boolean
        tensors that tell which lists those are.
    """
    overflows = sum_over_replicas(tf.stack([*map(_num_overflows, gradients)]))
    skipped = overflows > 0
    factors = tf.unstack(tf.where(skipped, float("nan"), 1.0))
    agreed = [
        [g if g is None else g * tf.cast(factor, g.dtype) for g in some]
        for some, factor in zip(gradients, factors, strict=True)
    ]
    return agreed, tf.unstack(skipped)


@contextlib.contextmanager
def finite_statistics(networks, players):
    """Takes back what the body assigns to statistics that is not finite.

    Does nothing where losses are not scaled: there, such a step is the end.

    Args:
        networks: `keras.Model`s that are called in the body.
        players: Sequence of `updates.Player`s that train them.
    """
    if not is_used_by(players):
        yield
        return
    statistics = [w for n in networks for w in n.non_trainable_weights]
    before = [tf.identity(variable) for variable in statistics]
    yield
    for variable, old in zip(statistics, before, strict=True):
        new = tf.convert_to_tensor(variable)
        is_finite = tf.reduce_all(tf.math.is_finite(new))
        variable.assign(tf.where(is_finite, new, old))


def _num_overflows(gradients):
    overflows = [
        tf.reduce_any(~tf.math.is_finite(gradient))
        for gradient in gradients
        if gradient is not None
    ]
    return tf.math.count_nonzero(overflows, dtype=tf.int32)
