"""Callbacks for `fit`, under the name that users import."""

from ali_keras.training.callbacks import StopOnNonFinite

__all__ = ["StopOnNonFinite"]
