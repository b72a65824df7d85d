"""A term with its setting: one file and one name make flag, check and JSON.

The test edits a copy of the package as a contributor would.
"""

import json
import shutil
import sys

import pytest

from tests import programs

SHRINKAGE = '''
"""Pulls the codes towards 0."""

from ali_keras import settings
from ali_keras.lazy import tensorflow as tf
from ali_keras.objectives.term import GENERATOR
from ali_keras.objectives.term import Term

TERMS = (Term("shrinkage_loss", GENERATOR, "shrinkage"),)


@settings.group
class Settings:
    """Shrinkage."""

    shrinkage: float = settings.setting(
        0.0, "Weight of the mean square of z; 0: off.", at_least=0
    )


def terms(objective, forward):
    if not objective.shrinkage:
        return {}
    return {"shrinkage_loss": tf.reduce_mean(forward.z_hat**2)}
'''
JSON_ROUND_TRIP = """
import sys
from ali_keras import Config
path = sys.argv[1]
Config.from_preset("mnist", "mnist_5k", shrinkage=0.5).write(path)
assert Config.read(path).objective.shrinkage == 0.5
"""
READ = """
import sys
import ali_keras
print(ali_keras.Config.read(sys.argv[1]).shrinkage)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the package and the tools with a term more."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("ali_keras", "tools"):
        shutil.copytree(
            programs.CHECKOUT / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    objectives = folder / "ali_keras" / "objectives"
    (objectives / "shrinkage.py").write_text(SHRINKAGE)
    path = objectives / "objective.py"
    text = path.read_text()
    old = "PIECES = (\n"
    new = "PIECES = (\n    shrinkage,\n"
    assert text.count(old) == 1
    text = text.replace(old, new)
    first = "from ali_keras.objectives import latent_regression\n"
    added = "from ali_keras.objectives import shrinkage\n"
    path.write_text(text.replace(first, first + added))
    return folder


def run(checkout, *command):
    return programs.run(sys.executable, *command, cwd=checkout)


def test_it_is_a_flag_with_its_help_and_its_bound(checkout):
    _, printed, _ = run(checkout, "-m", "tools.train", "--helpshort")
    _, _, lines = printed.partition("--shrinkage: ")
    assert lines.startswith("Weight of the mean square of z; 0: off.\n")
    assert "(a non-negative number)" in lines.split("--")[0]


def test_it_is_checked_as_declared(checkout):
    flags = ("--dataset=mnist_5k", "--shrinkage=inf", "--dry_run")
    status, _, errors = run(checkout, "-m", "tools.train", *flags)
    assert status == 2
    assert "error: shrinkage must be finite. Received: inf" in errors


@pytest.mark.slow
def test_it_is_in_the_dry_run(checkout):
    flags = ("--dataset=mnist_5k", "--shrinkage=0.5", "--dry_run")
    status, printed, errors = run(checkout, "-m", "tools.train", *flags)
    assert status == 0, errors
    values, _ = json.JSONDecoder().raw_decode(printed)
    assert values["shrinkage"] == 0.5


def test_it_is_in_config_json_and_read_back(checkout, tmp_path):
    path = tmp_path / "config.json"
    status, _, errors = run(checkout, "-c", JSON_ROUND_TRIP, path)
    assert status == 0, errors
    values = json.loads(path.read_text())
    assert values.pop("shrinkage") == 0.5
    # What an older version wrote lacks the setting.
    path.write_text(json.dumps(values))
    assert run(checkout, "-c", READ, path)[:2] == (0, "0.0\n")
