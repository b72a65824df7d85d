"""Adversarially Learned Inference for Keras 3 on TensorFlow.

Names are imported at their first use: `import ali_keras` and
`import ali_keras.client` take milliseconds, TensorFlow takes seconds.
"""

import importlib

from ali_keras.registration import register_when_keras_is_there

__version__ = "0.1.0"

# The module that has each public name; a module itself is its own value.
_PLACES = {
    "ALI": "ali_keras.model.ali",
    "Architecture": "ali_keras.architectures.spec",
    "Config": "ali_keras.config",
    "Execution": "ali_keras.training.execution",
    "InputError": "ali_keras.errors",
    "Objective": "ali_keras.objectives.objective",
    "Row": "ali_keras.architectures.spec",
    "build_model": "ali_keras.model.build",
    "build_networks": "ali_keras.networks.builder",
    "preprocess": "ali_keras.data.preprocessing",
    "train": "ali_keras.training.run",
}
_MODULES = {
    "architectures": "ali_keras.architectures",
    "callbacks": "ali_keras.callbacks",
    "client": "ali_keras.client",
    "datasets": "ali_keras.datasets",
    "layers": "ali_keras.layers",
    "losses": "ali_keras.losses",
    "normalization": "ali_keras.normalization",
}

__all__ = [*_PLACES, "datasets", "losses"]

register_when_keras_is_there()


def __getattr__(name):
    if name in _PLACES:
        value = getattr(importlib.import_module(_PLACES[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(_MODULES[name])
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_PLACES, *_MODULES})
