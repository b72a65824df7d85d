"""Lets Keras load saved models after `import ali_keras`, which stays light.

`keras.models.load_model` knows a class by its registered name. Our classes are
registered when their modules are imported, which takes seconds. So `import
ali_keras` registers a stand-in for each class: as soon as Keras is imported,
whichever comes first. A stand-in imports its class when Keras asks it for an
instance, and the class then takes its place.
"""

import importlib
import importlib.abc
import importlib.util
import sys

PACKAGE = "ali_keras"
# The module of each registered class.
MODULES = {
    "ALI": "ali_keras.model.ali",
    "AppendNoise": "ali_keras.networks.layers",
    "FlooredLogSigma": "ali_keras.networks.layers",
    "FullSizeConv2D": "ali_keras.networks.layers",
    "FullSizeConv2DTranspose": "ali_keras.networks.layers",
    "Maxout": "ali_keras.networks.layers",
    "OneHot": "ali_keras.networks.embedding",
    "SpectralNormalization": "ali_keras.networks.normalization",
    "StatelessDropout": "ali_keras.networks.layers",
    "UntiedBias": "ali_keras.networks.layers",
    "WeightNormalization": "ali_keras.networks.normalization",
}


class StandIn:
    """Stands for a registered class until Keras wants an instance.

    Args:
        name: Name of the class, a key of `MODULES`.
    """

    def __init__(self, name):
        self.__name__ = name

    def from_config(self, config):
        """Imports the class and makes an instance from its configuration."""
        module = importlib.import_module(MODULES[self.__name__])
        return getattr(module, self.__name__).from_config(config)


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Registers the stand-ins after the first import of Keras."""

    def __init__(self):
        self.is_asking = False  # The other finders, which includes itself.

    def find_spec(self, name, path=None, target=None):
        if name != "keras" or self.is_asking:
            return None
        self.is_asking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.is_asking = False
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                _register()

            spec.loader.exec_module = exec_module
        return spec


def register_when_keras_is_there():
    """Registers the stand-ins, now or after the import of Keras."""
    if "keras" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _AfterKeras())


def _register():
    import keras

    known = keras.saving.get_custom_objects()
    for name in MODULES:
        known.setdefault(f"{PACKAGE}>{name}", StandIn(name))
