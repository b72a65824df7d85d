"""How TensorFlow optimizes the graph of a training step."""

import contextlib

import keras
import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port


class TrainsWithoutRemapper(keras.Model):
    """A model whose training step TensorFlow's remapper leaves alone.

    Where oneDNN is on, the remapper of TensorFlow 2.21 fuses a convolution,
    its bias and a leaky ReLU into one operation, although the gradient still
    reads what lies between. It prints "remapper failed: INVALID_ARGUMENT:
    Mutation::Apply error" and leaves the whole graph as it was. Without the
    remapper, the graph is the same and nothing is printed. Other graphs keep
    it, because it changes how their sums are rounded.
    """

    def make_train_function(self, force=False):
        known = self.train_function
        super().make_train_function(force)
        function = self.train_function
        if function is not known and remapper_fails(self.trained_networks):

            def train_function(iterator):
                with without_remapper():
                    return function(iterator)

            self.train_function = train_function
        return self.train_function


def remapper_fails(networks):
    """Whether the remapper fails on the training step of some networks."""
    return has_onednn() and any(
        _is_convolution_with_bias(layer.input._keras_history.operation)
        for network in networks
        for layer in getattr(network, "layers", ())
        if isinstance(layer, keras.layers.LeakyReLU)
    )


def has_onednn():
    """Whether TensorFlow uses oneDNN, by the processor or its variable."""
    return bool(_pywrap_util_port.IsMklEnabled())


def _is_convolution_with_bias(layer):
    is_convolution = isinstance(layer, keras.layers.Conv2D)
    return is_convolution and layer.use_bias


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
