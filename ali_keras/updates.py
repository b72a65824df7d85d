"""Two players, each with its loss, updated at the same parameters."""

from typing import NamedTuple

import keras

from ali_keras import loss_scaling


class Player(NamedTuple):
    """An optimizer and the variables that it moves."""

    optimizer: keras.optimizers.Optimizer
    variables: list


def update_simultaneously(players, losses, tape):
    """Takes all gradients, then moves all players.

    Args:
        players: Sequence of `Player`s.
        losses: Each player's loss on this replica, as its optimizer scales
            it and divided by the number of replicas.
        tape: Persistent `tf.GradientTape` that saw the losses.

    Returns:
        List that tells of each player whether it was skipped because of an
        overflow: a scalar boolean tensor, `None` where losses are not scaled.
    """
    gradients = [
        tape.gradient(loss, player.variables)
        for player, loss in zip(players, losses, strict=True)
    ]
    skipped = [None] * len(players)
    if all(loss_scaling.is_scaled(player.optimizer) for player in players):
        gradients, skipped = loss_scaling.agree_on_overflow(gradients)
    for player, gradient in zip(players, gradients, strict=True):
        player.optimizer.apply(gradient, player.variables)
    return skipped
