"""What a number has beside it: command, commit, versions, machine."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys

import keras
import pytest

from ali_keras.workdir import record
from tests import programs


def test_versions_are_the_installed_ones():
    versions = record.describe_run(epochs=3)["versions"]
    assert versions["python"] == platform.python_version()
    assert versions["keras"] == keras.__version__
    for name in record.PACKAGES:
        assert versions[name] == importlib.metadata.version(name)


def test_command_can_be_pasted_into_a_shell(monkeypatch):
    arguments = ["/a/b/train.py", "--seed=1", "--workdir=my run"]
    monkeypatch.setattr(sys, "argv", arguments)
    command = record.describe_run(epochs=3)["command"]
    assert command == "train.py --seed=1 '--workdir=my run'"


def test_machine_and_epochs_are_named():
    run = record.describe_run(epochs=3)
    assert run["epochs"] == 3
    assert run["machine"]["num_cores"] == os.cpu_count()
    assert platform.machine() in run["machine"]["system"]
    assert run["machine"]["processor"]
    assert json.loads(json.dumps(run)) == run


def git(*arguments):
    result = subprocess.run(
        ["git", "-C", str(programs.CHECKOUT), *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


@pytest.mark.skipif(
    not (programs.CHECKOUT / ".git").exists(), reason="not a git checkout"
)
def test_commit_is_the_checkout_s_and_tells_of_changes():
    head, changed = git("rev-parse", "HEAD"), git("diff", "HEAD", "--stat")
    commit = record.commit()
    assert head.startswith(commit.rstrip("+"))
    assert len(commit.rstrip("+")) >= 12
    assert commit.endswith("+") == bool(changed)


def test_an_installed_package_has_no_commit(monkeypatch, tmp_path):
    elsewhere = tmp_path / "site-packages" / "ali_keras" / "record.py"
    monkeypatch.setattr(record, "__file__", str(elsewhere))
    assert record.commit() is None


def test_a_finished_run_has_its_record(finished):
    run = json.loads(finished.training.read_text())
    assert run["epochs"] == 1
    assert run["versions"]["keras"] == keras.__version__
