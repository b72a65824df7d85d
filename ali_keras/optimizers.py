"""The two optimizers: Adam, with a rate for each player."""

from ali_keras import settings
from ali_keras.settings import REQUIRED
from ali_keras.settings import setting


@settings.group
class OptimizerSettings:
    """Settings of Adam. The defaults of beta_1 and beta_2 are the paper's."""

    generator_learning_rate: float = setting(
        REQUIRED, "Learning rate of encoder and decoder.", above=0
    )
    discriminator_learning_rate: float = setting(
        REQUIRED, "Learning rate of the discriminator.", above=0
    )
    learning_rate_decay_steps: int = setting(
        0,
        "Steps over which both rates fall to 0 along a half cosine; 0: "
        "constant, as in the paper.",
        at_least=0,
    )
    beta_1: float = setting(
        0.5, "Adam's decay of the first moment.", at_least=0, below=1
    )
    beta_2: float = setting(
        0.999, "Adam's decay of the second moment.", at_least=0, below=1
    )


def adam(options, learning_rate, **more):
    """Makes one player's optimizer.

    Args:
        options: `OptimizerSettings`.
        learning_rate: Number, one of the two rates.
        **more: Further arguments of `keras.optimizers.Adam`.

    Returns:
        `keras.optimizers.Adam`.
    """
    import keras  # Not above: flags are declared from the settings.

    learning_rate = float(learning_rate)  # Keras takes no integer.
    if options.learning_rate_decay_steps:
        learning_rate = keras.optimizers.schedules.CosineDecay(
            learning_rate, options.learning_rate_decay_steps
        )
    return keras.optimizers.Adam(
        learning_rate,
        beta_1=options.beta_1,
        beta_2=options.beta_2,
        epsilon=1e-8,
        **more,
    )
