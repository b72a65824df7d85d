"""`model.optimizer`: both optimizers as one, for the callbacks of Keras."""

import numbers

import keras


class BothOptimizers:
    """What Keras' callbacks ask of `model.optimizer`, answered for both.

    Its learning rate is that of the generator's optimizer. A new rate is
    given to both in the ratio in which they stand; the ratio survives a rate
    of 0. To set one rate alone, set that of `model.generator_optimizer` or
    `model.discriminator_optimizer`.

    Args:
        generator: `keras.optimizers.Optimizer`, built.
        discriminator: `keras.optimizers.Optimizer`, built.
        step: Variable of the model. Counts its training steps.
    """

    # `compile` builds both, and refuses optimizers that average.
    built = True
    use_ema = False

    def __init__(self, generator, discriminator, step):
        self._generator = generator
        self._discriminator = discriminator
        self._step = step
        self._ratio = None
        self._remember_ratio()

    @property
    def iterations(self):
        """Integer variable: training steps, skipped ones too."""
        return self._step

    @property
    def variables(self):
        """List of the variables of both."""
        return self._generator.variables + self._discriminator.variables

    @property
    def learning_rate(self):
        """The learning rate of the generator's optimizer."""
        return self._generator.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate):
        if not isinstance(rate, numbers.Real):
            raise ValueError(
                "The learning rate of model.optimizer must be a number; give "
                "schedules to the two optimizers. Received: "
                f"{type(rate).__name__}"
            )
        for optimizer in (self._generator, self._discriminator):
            if not isinstance(optimizer.learning_rate, keras.Variable):
                raise ValueError(
                    "Both learning rates must be numbers to be set; compile "
                    "without schedules. Received: a rate of a schedule"
                )
        self._remember_ratio()
        if self._ratio is None:
            raise ValueError(
                "Both learning rates must have had a ratio to be set at once; "
                "compile with rates above 0. Received: a generator's rate of 0"
            )
        self._generator.learning_rate = float(rate)
        self._discriminator.learning_rate = self._ratio * float(rate)

    def _remember_ratio(self):
        generator, discriminator = (
            float(keras.ops.convert_to_numpy(optimizer.learning_rate))
            for optimizer in (self._generator, self._discriminator)
        )
        if generator:
            self._ratio = discriminator / generator


def check_optimizers(generator, discriminator):
    """Checks the optimizers that `compile` was given.

    Args:
        generator: `keras.optimizers.Optimizer`.
        discriminator: `keras.optimizers.Optimizer`.

    Raises:
        ValueError: if both are the same object, or one averages weights.
    """
    if generator is discriminator:
        raise ValueError(
            "generator_optimizer and discriminator_optimizer must be two "
            "optimizers: each keeps the state of its own networks. Received: "
            f"the same {type(generator).__name__} twice"
        )
    for optimizer in (generator, discriminator):
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        if inner.use_ema:
            raise ValueError(
                "Optimizers must have use_ema=False: the model itself averages "
                "encoder and decoder, see ALI(ema_decay=...). Received: "
                f"{type(inner).__name__} with use_ema=True"
            )
