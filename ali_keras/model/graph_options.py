"""How TensorFlow optimizes the graph of a training step."""

import contextlib

import keras
import tensorflow as tf


class TrainsWithoutRemapper(keras.Model):
    """A model whose training step TensorFlow's remapper leaves alone.

    The remapper fuses a convolution, its bias and its activation into one
    operation, where oneDNN is on. A gradient penalty needs the gradient of the
    discriminator's activations under a second tape. TensorFlow 2.21 then
    removes a `BiasAdd` that a `LeakyReluGrad` still reads: it prints "remapper
    failed: INVALID_ARGUMENT: Mutation::Apply error" and leaves the graph as it
    was. Without the remapper, the graph is the same and nothing is printed.
    """

    def make_train_function(self, force=False):
        known = self.train_function
        super().make_train_function(force)
        function = self.train_function
        if self.objective.gradient_penalty and function is not known:

            def train_function(iterator):
                with without_remapper():
                    return function(iterator)

            self.train_function = train_function
        return self.train_function


@contextlib.contextmanager
def without_remapper():
    """Turns the remapper off for functions that are called in the body."""
    before = tf.config.optimizer.get_experimental_options().get("remapping")
    tf.config.optimizer.set_experimental_options({"remapping": False})
    try:
        yield
    finally:
        # `None`, TensorFlow's default, takes the option away again.
        tf.config.optimizer.set_experimental_options({"remapping": before})
