"""What the README and the pages tell readers to run, and their figures."""

import os
import pathlib
import re
import runpy
import shlex
import subprocess
import sys

import numpy as np
import pytest

from ali_keras.workdir.workdir import Workdir
from export.saved_model import export_saved_models

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")]


def code_blocks(language, page="README.md"):
    text = (ROOT / page).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def table_rows(page):
    """The lines of a page's tables that hold numbers, without its heads."""
    text = (ROOT / page).read_text()
    return re.findall(r"^\|[^|]*\| [\d.,]+ .*\|$", text, re.MULTILINE)


def run(command, folder, **variables):
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_python_example_runs(tmp_path):
    program = code_blocks("python")[0]
    short = program.replace("epochs=50", "epochs=1, steps_per_epoch=1")
    assert short != program
    result = run(
        [sys.executable, "-c", short], tmp_path, TFDS_DATA_DIR=str(tmp_path)
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "model.keras").exists()


def test_own_networks_of_the_readme_train_on_own_images(tmp_path, monkeypatch):
    [_, program] = code_blocks("python")
    short = program.replace("batch_size=100, epochs=50", "epochs=1, verbose=0")
    assert short != program
    (tmp_path / "short.py").write_text(short)
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(0).random((8, 28, 28, 1), "float32")
    np.save("images.npy", images)
    model = runpy.run_path("short.py")["model"]
    assert int(model.step) == 1
    assert model.reconstruct(images).shape == images.shape


@pytest.mark.slow
def test_networks_of_the_python_page_compile(tmp_path):
    [program] = code_blocks("python", "docs/python.md")
    result = run([sys.executable, "-c", program], tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_saved_model_cli_lines_run(finished, tmp_path):
    export_saved_models(
        *Workdir(finished.path).load(), tmp_path / "runs/demo/export"
    )
    [block] = [
        block
        for block in code_blocks("sh", "docs/saved_models.md")
        if "saved_model_cli" in block
    ]
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


def test_the_readme_s_figures_are_rows_of_the_whole_table():
    rows = table_rows("README.md")
    assert len(rows) > 5
    assert set(rows) <= set(table_rows("docs/results.md"))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def anchors(page):
    """The anchors that a page's headings have: lower case, words by hyphens."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_headings(page):
    links = re.findall(r"\]\(([^):#]*)#([^)]+)\)", page.read_text())
    for target, anchor in links:
        assert anchor in anchors(page.parent / target if target else page)


def test_the_index_leads_to_every_page():
    index = (ROOT / "docs/index.md").read_text()
    for page in ROOT.glob("docs/*.md"):
        assert page.name == "index.md" or f"({page.name}" in index
