"""Modules that are imported when they are first used.

Settings are declared beside the code that they control, and the programs
declare their flags from them. `--help` then must not wait for TensorFlow,
whose import takes seconds.
"""

import importlib
import types


class LazyModule(types.ModuleType):
    """Stands for a module until one of its names is asked for."""

    def __getattr__(self, name):
        return getattr(importlib.import_module(self.__name__), name)


keras = LazyModule("keras")
tensorflow = LazyModule("tensorflow")
