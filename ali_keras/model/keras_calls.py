"""The calls of `keras.Model` that mean something else for an `ALI`, or nothing.

What cannot be honoured is refused in one sentence. docs/keras.md lists all.
"""

import functools
import inspect

import keras
import tensorflow as tf

from ali_keras import noise

WEIGHTS = ("sample_weight", "class_weight")
# Arguments of `keras.Model.compile`, and what to use in their place.
_INSTEAD = {
    "optimizer": "pass generator_optimizer and discriminator_optimizer",
    "loss": "pass objective=ali_keras.Objective(...)",
    "loss_weights": "set the weights of ali_keras.Objective(...)",
    "metrics": "a term of the objective is reported, see "
    "docs/architecture.md, and a callback can compute what is left",
    "weighted_metrics": "there are no sample weights",
    "auto_scale_loss": "losses of float16 networks are always scaled",
}


def check_compile_arguments(arguments):
    """Raises `ValueError` for what `keras.Model.compile` takes and ALI not.

    Args:
        arguments: Dictionary of keyword arguments.
    """
    for name, instead in _INSTEAD.items():
        if arguments.get(name) is not None:
            raise ValueError(
                f"compile must be called without {name}: {instead}. Received: "
                f"{name}={arguments[name]!r}"
            )


def two_optimizers(generator, discriminator):
    """Makes the two optimizers that `compile` was given by name, or refuses.

    Returns:
        List of two `keras.optimizers.Optimizer`s.
    """
    if generator is None or discriminator is None:
        raise ValueError(
            "compile must be given two optimizers, generator_optimizer and "
            "discriminator_optimizer. Received: "
            f"{generator!r} and {discriminator!r}"
        )
    return [keras.optimizers.get(o) for o in (generator, discriminator)]


def check_no_weights(data):
    """Raises `ValueError` for a batch of (images, labels, sample weights).

    A relativistic loss compares pairs, batch normalization mixes them, and
    the decoder's pairs belong to no image: a weight has no one meaning.
    """
    if isinstance(data, (tuple, list)):
        if any(part is not None for part in data[2:]):
            raise ValueError(
                "A batch must be images, (images, labels) or a dictionary: "
                "images have no sample weights; repeat an image to weigh it. "
                f"Received: a tuple of {len(data)}"
            )


def check_objective(model):
    """Raises `ValueError` if an objective does not fit a model's networks."""
    objective = model.objective
    if objective.needs_cycle_discriminator != bool(model.cycle_discriminator):
        raise ValueError(
            "A cycle_discriminator must be given if, and only if, the "
            f"objective's cycle is adversarial. Received: cycle="
            f"{objective.cycle}, {model.cycle_discriminator}"
        )
    if model.discriminator_classes and not objective.joint:
        raise ValueError(
            "A discriminator of classes must see z: joint must be True. "
            "Received: joint=False"
        )


def _without_weights(method):
    @functools.wraps(method)
    def call(self, *args, **kwargs):
        given = inspect.signature(method).bind(self, *args, **kwargs).arguments
        for name in WEIGHTS:
            if given.get(name) is not None:
                raise ValueError(
                    f"{method.__name__} must be called without {name}: images "
                    "have no weights; repeat an image to weigh it. Received: "
                    f"{name}, a {type(given[name]).__name__}"
                )
        check_no_weights(given.get("validation_data"))
        _check_callbacks(given.get("callbacks"))
        return method(self, *args, **kwargs)

    return call


def _check_callbacks(callbacks):
    callbacks = getattr(callbacks, "callbacks", callbacks) or ()
    if not isinstance(callbacks, (list, tuple)):
        callbacks = (callbacks,)
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.TerminateOnNaN):
            raise ValueError(
                "TerminateOnNaN must have a 'loss' to look at, and two players "
                "have two: use ali_keras.callbacks.StopOnNonFinite(), which "
                "looks at all terms. Received: TerminateOnNaN"
            )


class KerasCalls:
    """The part of `ALI` that answers as a `keras.Model`, or in words."""

    fit = _without_weights(keras.Model.fit)
    evaluate = _without_weights(keras.Model.evaluate)
    train_on_batch = _without_weights(keras.Model.train_on_batch)
    test_on_batch = _without_weights(keras.Model.test_on_batch)

    @functools.wraps(keras.Model.predict)
    def predict(self, x, *args, **kwargs):
        no_images = ValueError(
            "predict must be given at least one image. Received: none"
        )
        if hasattr(x, "shape") and len(x) == 0:
            raise no_images
        try:
            return super().predict(x, *args, **kwargs)
        except UnboundLocalError:  # Keras 3.15 returns what no batch has set.
            raise no_images from None

    def predict_step(self, data):
        # A conditional model wants the labels too: all of a batch.
        if self.condition and isinstance(data, tuple) and len(data) > 1:
            return self(data)
        return super().predict_step(data)

    @property
    def optimizer(self):
        """`BothOptimizers`; `None` before `compile`."""
        return getattr(self, "_both_optimizers", None)

    @optimizer.setter
    def optimizer(self, value):
        if value is not None:  # Keras' own compile sets `None`.
            raise ValueError(
                "model.optimizer stands for two optimizers and cannot be set: "
                "compile the model again. Received: "
                f"{type(value).__name__}"
            )

    @property
    def metrics(self):
        """The means of the terms, and metrics of users' own layers.

        Without Keras' mean "loss": there is one loss for each player.
        """
        own = [metric for metric in super().metrics if metric.name != "loss"]
        means = self.trackers.means.values() if self.compiled else ()
        return [*own, *means]

    @property
    def metrics_names(self):
        """List of the names that `evaluate` reports, in its order."""
        if not self.compiled:
            return []
        shape = [size or 32 for size in self.input_shape[1:]]
        reported = self._evaluation_terms(
            tf.zeros([2, *shape], self.variable_dtype),
            self.example_labels(2),
            noise.fold(self.seed, self.step),
        )
        known = [metric.name for metric in self.metrics]
        return [name for name in known if name in reported]

    @property
    def input_shape(self):
        """Shape of a batch of images, as the encoder takes it."""
        return tuple(self.encoder.inputs[0].shape)

    @property
    def output_shape(self):
        """Shape of a batch of reconstructions."""
        return tuple(self.decoder.outputs[0].shape)

    @property
    def inputs(self):
        # An AttributeError, as Keras tells functional models by it.
        raise AttributeError(
            "A model of three networks has no inputs of its own: use those of "
            "model.encoder, model.decoder or model.discriminator"
        )

    @property
    def outputs(self):
        raise AttributeError(
            "A model of three networks has no outputs of its own: use those "
            "of model.encoder, model.decoder or model.discriminator"
        )
