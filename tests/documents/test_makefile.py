"""Which Python `make` takes, and when it makes an environment anew."""

import pathlib
import shutil
import subprocess
import sys
import venv

import pytest

ROOT = pathlib.Path(__file__).parents[2]
# What the shim of a version manager does when its version is not chosen.
SHIM = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
NEW = "-m venv --clear .venv"


class Checkout:
    """A folder with the Makefile, and a PATH of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in ("make", "sh", "touch"):
            (self.programs / name).symlink_to(shutil.which(name))
        for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(ROOT / name, folder)

    def add_python(self, name):
        (self.programs / name).symlink_to(sys.executable)

    def add_shim(self, name):
        (self.programs / name).write_text(SHIM)
        (self.programs / name).chmod(0o755)

    def add_environment(self):
        venv.create(self.folder / ".venv", symlinks=True, with_pip=False)
        (self.folder / ".venv/.runtime").touch()

    def setup(self, *variables):
        """Returns the status of `make setup`, what it would run, its errors."""
        result = subprocess.run(
            ["make", "--dry-run", "setup", *variables],  # noqa: S607 Of PATH.
            cwd=self.folder,
            env={"PATH": str(self.programs)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return result.returncode, result.stdout, result.stderr


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_the_newest_python_that_starts_is_taken(checkout):
    checkout.add_shim("python3.13")
    checkout.add_python("python3.12")
    checkout.add_python("python3")
    status, commands, errors = checkout.setup()
    assert status == 0, errors
    assert commands.startswith(f"python3.12 {NEW}")


def test_python3_is_taken_where_no_version_has_a_name(checkout):
    checkout.add_python("python3")
    assert checkout.setup()[1].startswith(f"python3 {NEW}")


def test_one_line_says_which_are_taken(checkout):
    checkout.add_shim("python3.13")
    status, commands, errors = checkout.setup()
    assert status != 0 and not commands
    [line] = errors.splitlines()
    assert "Python 3.13, 3.12 or 3.11 is needed" in line
    assert "python3 is missing or does not start" in line


def test_an_environment_keeps_its_python(checkout):
    checkout.add_python("python3.13")
    checkout.add_environment()
    status, commands, _ = checkout.setup()
    assert status == 0 and NEW not in commands


def test_an_environment_that_does_not_start_is_made_anew(checkout):
    checkout.add_python("python3.13")
    checkout.add_environment()
    for path in (checkout.folder / ".venv/bin").glob("python*"):
        path.unlink()
        path.symlink_to(checkout.folder / "removed")
    assert f"python3.13 {NEW}" in checkout.setup()[1]


def test_a_python_that_is_given_replaces_another(checkout):
    checkout.add_environment()
    _, same, _ = checkout.setup(f"PYTHON={sys.executable}")
    _, other, _ = checkout.setup("PYTHON=python0")
    assert NEW not in same
    assert f"python0 {NEW}" in other
