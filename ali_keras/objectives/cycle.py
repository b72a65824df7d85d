"""Cycle-consistency x -> z -> x: ALICE (Li et al., 2017)."""

from ali_keras import noise
from ali_keras import settings
from ali_keras.objectives import adversarial
from ali_keras.objectives import losses
from ali_keras.objectives.term import DISCRIMINATOR
from ali_keras.objectives.term import GENERATOR
from ali_keras.objectives.term import Term
from ali_keras.settings import setting

CYCLES = ("none", "l1", "l2", "adversarial")
TERMS = (
    Term("cycle_loss", GENERATOR, "cycle_weight"),
    Term("cycle_discriminator_loss", DISCRIMINATOR),
)


@settings.group
class Settings:
    """Cycle-consistency.

    "l1" and "l2" are the mean absolute and the mean squared difference of an
    image and its reconstruction, over all values. "adversarial" is the loss
    of a network of its own, the cycle discriminator, which tells (x, x) from
    (x, x').
    """

    cycle: str = setting(
        "none", "Form of the cycle-consistency.", choices=CYCLES
    )
    cycle_weight: float = setting(
        1.0, "Weight lambda of the cycle.", at_least=0
    )

    @property
    def needs_cycle_discriminator(self):
        """Whether the terms need `Networks.cycle_discriminator`."""
        return self.cycle == "adversarial"


def terms(objective, forward):
    """Computes the terms of the cycle, see `TERMS`.

    Args:
        objective: `Objective`.
        forward: `Forward`.

    Returns:
        Dictionary of scalars; empty where the cycle is off. An adversarial
        cycle adds its share to `gradient_penalty`, where that is on.
    """
    if objective.cycle == "none":
        return {}
    if objective.needs_cycle_discriminator:
        return _adversarial_terms(objective, forward)
    loss = losses.cycle_loss(forward.images, forward.x_hat, objective.cycle)
    return {"cycle_loss": loss}


def _adversarial_terms(objective, forward):
    images = forward.images
    computed = adversarial.adversarial_terms(
        forward.networks.cycle_discriminator,
        adversarial.in_a_row((images, images), (images, forward.x_hat)),
        forward.key_of(noise.CYCLE),
        forward.training,
        objective.relativistic,
        adversarial.penalty_interval(objective, forward),
    )
    computed["cycle_loss"] = computed.pop("generator_loss")
    computed["cycle_discriminator_loss"] = computed.pop("discriminator_loss")
    computed.pop("discriminator_accuracy")
    return computed
