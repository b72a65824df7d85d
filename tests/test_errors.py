"""Messages name the programs as they are started here."""

import importlib.metadata
import importlib.util
import types

import pytest

from ali_keras import errors
from tests import programs
from tools import evaluate


@pytest.fixture
def installed(monkeypatch):
    """As where the wheel is installed, with one of its scripts."""
    entry = importlib.metadata.EntryPoint(
        "ali-train", "ali_keras.tools.train:run", "console_scripts"
    )

    def entry_points(**wanted):
        return importlib.metadata.EntryPoints([entry]).select(**wanted)

    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: types.SimpleNamespace()
    )
    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)


@pytest.mark.parametrize("module", ["tools.train", "export.saved_model"])
def test_a_checkout_has_modules(module):
    assert errors.command(module) == f"python -m {module}"


def test_a_wheel_has_scripts(installed):
    assert errors.command("tools.train") == "ali-train"
    # One without a script is a module below the package.
    assert errors.command("tools.x") == "python -m ali_keras.tools.x"


def test_a_missing_workdir_is_told_how_to_make_one(tmp_path, capsys):
    path = tmp_path / "none"
    status = programs.start(evaluate, f"--workdir={path}")
    assert programs.error_line(status, capsys.readouterr()) == (
        "error: A workdir must hold config.json, as python -m tools.train "
        f"writes it. Received: {path / 'config.json'}, which does not exist"
    )
