"""Classes that Keras can load after `import ali_keras` alone."""

import ast
import sys

import pytest

from ali_keras import registration
from tests import programs

PROBE = """
import importlib.util, sys
import ali_keras
assert "keras" not in sys.modules
importlib.util.find_spec("keras")
import keras
names = sorted(keras.saving.get_custom_objects())
assert "ali_keras.model.ali" not in sys.modules
print(*names)
"""
LAYER = """
import keras
import ali_keras
config = {"module": None, "class_name": "Maxout", "config": {"pieces": 2},
          "registered_name": "ali_keras>Maxout"}
layer = keras.saving.deserialize_keras_object(config)
print(type(layer).__module__, type(layer).__name__, layer.pieces)
"""


def registered_classes():
    """Names and modules of the classes with Keras' decorator."""
    for path in (programs.CHECKOUT / "ali_keras").rglob("*.py"):
        parts = path.relative_to(programs.CHECKOUT).with_suffix("").parts
        for node in ast.walk(ast.parse(path.read_text())):
            decorators = getattr(node, "decorator_list", [])
            if any("register_keras" in ast.unparse(d) for d in decorators):
                yield node.name, ".".join(parts)


def test_every_registered_class_has_a_stand_in():
    assert dict(registered_classes()) == registration.MODULES


@pytest.mark.slow
@pytest.mark.parametrize("first", ("", "import keras; "))
def test_stand_ins_are_registered_whichever_is_imported_first(first):
    probe = PROBE if not first else PROBE.replace("assert", "0 and", 1)
    status, printed, errors = programs.run(sys.executable, "-c", first + probe)
    assert status == 0, errors
    expected = sorted(f"ali_keras>{name}" for name in registration.MODULES)
    assert printed.split() == expected


def test_a_layer_is_made_from_its_registered_name():
    status, printed, errors = programs.run(sys.executable, "-c", LAYER)
    assert status == 0, errors
    assert printed.split() == ["ali_keras.networks.layers", "Maxout", "2"]
