"""The losses as pure functions, under the name that users import."""

from ali_keras.objectives.losses import cycle_loss
from ali_keras.objectives.losses import discriminator_accuracy
from ali_keras.objectives.losses import discriminator_loss
from ali_keras.objectives.losses import generator_loss
from ali_keras.objectives.losses import gradient_penalty
from ali_keras.objectives.losses import relativistic_discriminator_loss
from ali_keras.objectives.losses import relativistic_generator_loss

__all__ = [
    "cycle_loss",
    "discriminator_accuracy",
    "discriminator_loss",
    "generator_loss",
    "gradient_penalty",
    "relativistic_discriminator_loss",
    "relativistic_generator_loss",
]
