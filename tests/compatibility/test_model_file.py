"""A `.keras` file from before the packages loads as its users load it."""

import sys

from tests import programs
from tests.compatibility import small_runs

LOAD = """
import sys
import ali_keras
import keras
model = keras.models.load_model(sys.argv[1], safe_mode=True)
print(type(model).__name__, model.compiled, int(model.step.numpy()))
"""


def test_it_loads_after_import_ali_keras_alone():
    # In a process of its own: this one has imported everything.
    path = small_runs.RECORDED / "workdirs" / "images" / "model.keras"
    status, printed, errors = programs.run(sys.executable, "-c", LOAD, path)
    assert status == 0, errors
    assert printed.split() == ["ALI", "True", "3"]
