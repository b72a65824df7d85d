"""What the README tells readers to run, and where its links lead."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from ali_keras.training.workdir import Workdir
from export.saved_model import export_saved_models

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def code_blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def run(command, folder, **variables):
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_python_example_runs(tmp_path):
    program = code_blocks("python")[0]
    short = program.replace("epochs=50", "epochs=1, steps_per_epoch=1")
    assert short != program
    result = run(
        [sys.executable, "-c", short], tmp_path, TFDS_DATA_DIR=str(tmp_path)
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "model.keras").exists()


@pytest.mark.slow
def test_saved_model_cli_lines_run(finished, tmp_path):
    export_saved_models(
        *Workdir(finished.path).load(), tmp_path / "runs/demo/export"
    )
    [block] = [b for b in code_blocks("sh") if "saved_model_cli" in b]
    scripts = pathlib.Path(sys.executable).parent
    printed = ""
    for command in re.sub(r"\\\n\s*", "", block).strip().split("\n"):
        program, *arguments = shlex.split(command)
        program = scripts / pathlib.Path(program).name
        result = run([program, *arguments], tmp_path)
        assert result.returncode == 0, result.stderr
        printed += result.stdout
    for name in ("z_mean", "z_log_sigma", "seed", "image"):
        assert name in printed


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target
