"""A program says its flags before it imports what only its work needs."""

import sys

from tests import programs

PROGRAMS = ["saved_model", "tflite", "serving", "onnx_file", "encode_beam"]
# What the programs may import at once: itself light.
LIGHT = {"servables", "tflite.forms"}
PROGRAM = f"""
import sys
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line import trained
before = set(sys.modules)
for name in {PROGRAMS}:
    __import__("export." + name)
print("\\n".join(set(sys.modules) - before))
"""
HEAVY = {"apache_beam", "keras", "matplotlib", "sklearn", "tensorflow"}


def test_programs_import_nothing_heavy_for_their_flags():
    status, printed, errors = programs.run(sys.executable, "-c", PROGRAM)
    assert status == 0, errors
    imported = printed.split()
    assert not {name.split(".")[0] for name in imported} & HEAVY
    own = {name.removeprefix("export.") for name in imported if "." in name}
    own = {name for name in own if f"export.{name}" in imported}
    assert own == {*PROGRAMS, *LIGHT}
    assert not [name for name in imported if name.startswith("ali_keras.")]
