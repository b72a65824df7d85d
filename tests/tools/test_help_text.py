"""The help names programs as they are started."""

import sys

import pytest

from ali_keras.command_line import help_text

TEXT = "Trains.\n\npython -m tools.train --workdir=x\n\nSee tools.trainer."


def module_of(text):
    module = type(sys)("ours")
    module.__doc__ = text
    return module


def test_a_checkout_s_text_is_as_it_is():
    assert help_text.of(module_of(TEXT)) == TEXT
    assert help_text.of(module_of(None)) == ""


@pytest.mark.parametrize(
    "text", [TEXT, "python -m export.tflite -- python -m tools.train ..."]
)
def test_each_command_is_one_that_works(monkeypatch, text):
    monkeypatch.setattr(help_text, "command", lambda module: f"<{module}>")
    expected = text.replace("python -m tools.train", "<tools.train>").replace(
        "python -m export.tflite", "<export.tflite>"
    )
    assert help_text.of(module_of(text)) == expected
