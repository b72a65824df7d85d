"""What a piece of the objective says of the terms that it brings."""

from typing import NamedTuple

DISCRIMINATOR, GENERATOR = "discriminator", "generator"
# Some tell how the game stands and are minimised by no one.
NO_ONE = None


class Term(NamedTuple):
    """A number that a training step computes and reports.

    Progress bar, history, TensorBoard and the players' losses follow from it.

    Attributes:
        name: String. Its name in all of them.
        player: Who minimises it: `DISCRIMINATOR` (the cycle's discriminator
            is of the same player), `GENERATOR` (encoder and decoder), or
            `NO_ONE`.
        weight: Name of the setting that holds its weight in the player's
            loss. `None` is a weight of 1.
    """

    name: str
    player: str | None
    weight: str | None = None


def total(player, terms, values, objective):
    """Sums what a player minimises.

    Args:
        player: `DISCRIMINATOR` or `GENERATOR`.
        terms: Sequence of `Term`s.
        values: Dictionary of scalar tensors by the terms' names; a term that
            is off is missing.
        objective: `Objective`, which has the weights.

    Returns:
        Scalar tensor, or 0.0 where the player minimises none of the terms.
    """
    loss = 0.0
    for term in terms:
        if term.player == player and term.name in values:
            loss += _weighted(term, values, objective)
    return loss


def _weighted(term, values, objective):
    value = values[term.name]
    return getattr(objective, term.weight) * value if term.weight else value
