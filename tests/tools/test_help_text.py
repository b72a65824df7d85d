"""The help names a program as it was started."""

import sys

import pytest

from ali_keras.command_line import help_text


def module_of(name, text):
    module = type(sys)(name)
    module.__doc__ = text
    return module


@pytest.mark.parametrize(
    ("name", "script", "command"),
    [
        ("ali_keras.tools.train", "/x/bin/ali-train", "ali-train"),
        ("ali_keras.export.tflite.__main__", "ali-t", "ali-t"),
        ("tools.train", "/x/tools/train.py", "python -m tools.train"),
        ("__main__", "/x/tools/train.py", "python -m tools.train"),
    ],
)
def test_a_command_is_the_script_s(monkeypatch, name, script, command):
    monkeypatch.setattr(sys, "argv", [script])
    own = "tools.train" if "train" in command + name else "export.tflite"
    text = f"Trains.\n\npython -m {own} --workdir=x\n\nSee tools.trainer."
    expected = text.replace(f"python -m {own} ", f"{command} ")
    assert help_text.of(module_of(name, text)) == expected
