"""docs/augmentation.md, followed from the first command to the last."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from benchmarks.scarce_class import training_command
from tests import programs
from tests.data import folders

PAGE = programs.CHECKOUT / "docs" / "augmentation.md"
SHAPE = (28, 28, 1)
# So that the page's commands take seconds.
SHORT = {
    "--epochs=10 --steps_per_epoch=100": "--epochs=1 --steps_per_epoch=1",
    "--num_images=60": "--num_images=6",
    "2:980": "2:15",
    "seq 49": "seq 2",
    "epochs=10": "epochs=1",
}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def commands():
    text = "\n".join(blocks("sh")).replace("\\\n", "")
    return [shlex.split(line) for line in text.splitlines() if line]


def test_the_benchmark_trains_as_the_page_does(tmp_path):
    _, *given = training_command(tmp_path, seed=0, num_steps=1000)
    [[_, _, _, *told]] = [c for c in commands() if "tools.train" in c]
    names = ("dataset", "workdir", "seed", "epochs", "steps_per_epoch")
    own = tuple(f"--{name}=" for name in names)
    assert {x for x in told if not x.startswith(own)} == {
        x for x in given if not x.startswith(own)
    }
    assert num_steps(told) == num_steps(given)


def num_steps(words):
    values = dict(word.split("=", 1) for word in words if "=" in word)
    return int(values["--epochs"]) * int(values["--steps_per_epoch"])


@pytest.mark.exhaustive
def test_the_page_can_be_followed(tmp_path):
    folders.fill(tmp_path / "images", 90, ("ant", "bee"), SHAPE)
    folders.fill(tmp_path / "images", 9, ("wasp",), SHAPE)
    classes = ("ant", "bee", "wasp")
    folders.fill(tmp_path / "heldout", 12, classes, SHAPE)
    [program] = blocks("python")
    script = "\n".join(["set -e", *blocks("sh")])
    for long, short in SHORT.items():
        assert long in script + program
        script, program = (x.replace(long, short) for x in (script, program))
    (tmp_path / "classify.py").write_text(program)
    place = pathlib.Path(sys.executable).parent
    result = subprocess.run(
        [shutil.which("bash"), "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{place}:{os.environ['PATH']}",
            "PYTHONPATH": str(programs.CHECKOUT),
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert "     2\twasp" in result.stdout
    assert len(list((tmp_path / "joined/wasp").rglob("*.png"))) == 9 + 15
    assert len(list((tmp_path / "repeated/wasp").rglob("*.png"))) == 9 * 3
    found = re.findall(r"^(\w+): accuracy [01]", result.stdout, re.MULTILINE)
    assert found == ["images", "repeated", "repeated", "joined", "joined"]
