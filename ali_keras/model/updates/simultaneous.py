"""Two players, each with its loss, updated at the same parameters."""

from typing import NamedTuple

import keras
import tensorflow as tf

from ali_keras.distribution.replicas import num_replicas
from ali_keras.model.updates import loss_scaling


class Player(NamedTuple):
    """An optimizer and the variables that it moves."""

    optimizer: keras.optimizers.Optimizer
    variables: list


def scale(players, losses):
    """Scales losses as gradients want them; call it under the tape.

    Args:
        players: Sequence of `Player`s.
        losses: Each player's loss, its mean over this replica's batch.

    Returns:
        List of losses: divided by the number of replicas, because gradients
        are summed over them, and scaled by the players' optimizers.
    """
    return [
        player.optimizer.scale_loss(loss / num_replicas())
        for player, loss in zip(players, losses, strict=True)
    ]


def update_simultaneously(players, losses, tape):
    """Takes all gradients, then moves all players.

    Args:
        players: Sequence of `Player`s.
        losses: What `scale` returned.
        tape: Persistent `tf.GradientTape` that saw the losses.

    Returns:
        List that tells of each player whether it was skipped because of an
        overflow: a scalar boolean tensor, `None` where losses are not scaled.
    """
    gradients = [
        _gradients(tape, loss, player.variables)
        for player, loss in zip(players, losses, strict=True)
    ]
    skipped = [None] * len(players)
    if loss_scaling.is_used_by(players):
        gradients, skipped = loss_scaling.agree_on_overflow(gradients)
    for player, gradient in zip(players, gradients, strict=True):
        player.optimizer.apply(gradient, player.variables)
    return skipped


def _gradients(tape, loss, variables):
    # What no loss reaches stands still: the encoder of a GAN of x alone.
    gradients = tape.gradient(loss, variables)
    return [
        tf.zeros_like(variable.value) if gradient is None else gradient
        for variable, gradient in zip(variables, gradients, strict=True)
    ]
