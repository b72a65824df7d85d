"""Programs on a checkpoint of a run that is not finished."""

import json
import shutil

import numpy as np
import pytest

from ali_keras.workdir import checkpoints as checkpoint_files
from ali_keras.workdir.workdir import Workdir
from export import saved_model
from tests import programs
from tools import encode
from tools import evaluate
from tools import generate
from tools import interpolate
from tools import reconstruct

STEP = 2  # Of the fixture's only checkpoint.
DRAWING = (generate, reconstruct, interpolate)


@pytest.fixture(scope="module")
def unfinished(finished, tmp_path_factory):
    """`Workdir` of a run that has a checkpoint and no model."""
    path = tmp_path_factory.mktemp("unfinished") / "run"
    path.mkdir()
    shutil.copy(finished.config, path)
    shutil.copytree(finished.checkpoints.folder, path / "checkpoints")
    return Workdir(path)


@pytest.fixture
def copy(unfinished, tmp_path):
    """A copy of it, to spoil."""
    return Workdir(shutil.copytree(unfinished.path, tmp_path / "copy"))


def refused(capsys, workdir, *flags):
    capsys.readouterr()
    status = programs.start(generate, f"--workdir={workdir.path}", *flags)
    return programs.error_line(status, capsys.readouterr())


@pytest.mark.parametrize("which", ["latest", STEP])
def test_the_model_is_the_checkpoint_s(unfinished, finished, which):
    model, config = unfinished.load(which)
    expected, _ = finished.load()
    assert int(model.step.numpy()) == config.steps_per_epoch == STEP
    for a, b in zip(expected.weights, model.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(
        model.generate(2, seed=1), expected.generate(2, seed=1), atol=1e-6
    )


@pytest.mark.slow
@pytest.mark.parametrize("tool", DRAWING, ids=lambda tool: tool.__name__)
def test_files_are_named_by_their_step(unfinished, finished, tool, tmp_path):
    flag = f"--workdir={unfinished.path}"
    assert programs.start(tool, flag, "--checkpoint=latest") == 0
    [path] = unfinished.path.glob(f"*_step_{STEP}.png")
    expected = tmp_path / "expected.png"
    flags = (f"--workdir={finished.path}", f"--output={expected}")
    assert programs.start(tool, *flags) == 0
    assert path.read_bytes() == expected.read_bytes()
    path.unlink()


def test_output_is_taken_as_it_is(unfinished, tmp_path, capsys):
    flags = ("--checkpoint=2", f"--output={tmp_path / 'x.npz'}")
    assert programs.start(encode, f"--workdir={unfinished.path}", *flags) == 0
    with np.load(tmp_path / "x.npz") as codes:
        assert len(codes["z_mean"]) == 1000
    assert f"after step {STEP}." in capsys.readouterr().out


@pytest.mark.slow
def test_an_export_says_its_step(copy, tmp_path):
    (copy.path / "metrics.json").write_text('{"of the finished": 1}')
    flags = (f"--workdir={copy.path}", f"--output={tmp_path / 'export'}")
    status = programs.start(saved_model, *flags, "--checkpoint=latest")
    assert status == 0
    extra = tmp_path / "export" / "encoder" / "1" / "assets.extra"
    record = json.loads((extra / "record.json").read_text())
    assert record["training"] == {"epochs": None, "step": STEP}
    assert record["export"]["epochs"] is None
    cards = [path.read_text() for path in extra.glob("*.md")]
    assert f"| checkpoint | after step {STEP} |" in cards[0]
    assert "Not evaluated" in cards[0]


@pytest.mark.slow
def test_metrics_of_a_checkpoint_are_files_of_their_own(copy):
    (copy.path / "metrics.json").write_text("{}")
    flags = (f"--workdir={copy.path}", "--checkpoint=latest")
    assert programs.start(evaluate, *flags) == 0
    assert (copy.path / "metrics.json").read_text() == "{}"
    metrics = copy.path / f"metrics_step_{STEP}.json"
    assert "reconstruction_error" in metrics.read_text()
    assert (copy.path / f"neighbours_step_{STEP}.png").exists()


def test_a_step_that_is_not_there_is_refused(copy, capsys):
    other = copy.checkpoints.folder / "step_00000011.weights.h5"
    shutil.copy(copy.checkpoints.newest()[1], other)
    line = refused(capsys, copy, "--checkpoint=7")
    assert f"{copy.checkpoints.folder} has 2, 11. Received: 7" in line


@pytest.mark.parametrize("value", ["newest", "-1", "1.5", "", "9" * 30])
def test_what_is_no_step_is_refused(copy, capsys, value):
    line = refused(capsys, copy, f"--checkpoint={value}")
    assert "must be latest or a step" in line


def test_a_run_without_checkpoints_is_told(copy, capsys):
    shutil.rmtree(copy.checkpoints.folder)
    line = refused(capsys, copy, "--checkpoint=latest")
    assert line.endswith(f"{copy.checkpoints.folder}, without checkpoints")
    line = refused(capsys, copy, "--checkpoint=2")
    assert f"{copy.checkpoints.folder} has none" in line


def test_without_the_flag_it_is_named(copy, capsys):
    assert "or choose --checkpoint=latest" in refused(capsys, copy)


def test_a_damaged_checkpoint_is_passed_over_or_named(copy, capsys):
    damaged = copy.checkpoints.folder / "step_00000009.weights.h5"
    damaged.write_bytes(copy.checkpoints.newest()[1].read_bytes()[:-50])
    model, _ = copy.load("latest")
    assert int(model.step.numpy()) == STEP
    assert f"warning: {damaged} is damaged" in capsys.readouterr().err
    line = refused(capsys, copy, "--checkpoint=9")
    assert str(damaged) in line and line.endswith("has 2, 9")
    copy.checkpoints.newest()[1].with_name(
        "step_00000002.weights.h5"
    ).write_bytes(b"")
    assert "where all 2 are damaged" in refused(
        capsys, copy, "--checkpoint=latest"
    )


def test_one_that_vanishes_meanwhile_is_passed_over(copy, monkeypatch, capsys):
    older = copy.checkpoints.newest()[1]
    newer = older.with_name("step_00000003.weights.h5")
    shutil.copy(older, newer)
    read = checkpoint_files.read

    def delete_first(path):
        newer.unlink(missing_ok=True)  # As a training between the two.
        return read(path)

    monkeypatch.setattr(checkpoint_files, "read", delete_first)
    model, _ = copy.load("latest")
    assert int(model.step.numpy()) == STEP
    assert capsys.readouterr().err == ""
    shutil.copy(older, newer)
    assert "has 2. Received: 3" in refused(capsys, copy, "--checkpoint=3")
