"""A run that was cut short goes on as if nothing had been."""

import json
import os
import shutil
import signal
from unittest import mock

import pytest

from ali_keras.training import callbacks
from ali_keras.workdir.workdir import Workdir
from tests import programs

EPOCHS = 3
STEPS = 3  # In an epoch of programs.TINY.


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    return f"--data_dir={folder}", f"--epochs={EPOCHS}"


@pytest.fixture(scope="module")
def wholes(tmp_path_factory, flags):
    """Function of a precision, to a run that nothing interrupted."""
    runs = {}

    def whole(precision):
        if precision not in runs:
            path = tmp_path_factory.mktemp(precision) / "run"
            status, runs[precision] = programs.train_tiny(
                path, *flags, f"--precision={precision}"
            )
            assert status == 0
        return runs[precision]

    return whole


@pytest.fixture(scope="module")
def whole(wholes):
    """`Workdir` of such a run in float32. Leave it as it is."""
    return wholes("float32")


def cut_back(whole, tmp_path, *names):
    """Copies a run without some of its files, as a kill leaves it."""
    workdir = Workdir(tmp_path / "run")
    shutil.copytree(whole.path, workdir.path)
    for name in names:
        for path in workdir.path.glob(name):
            path.unlink()
    return workdir


@pytest.mark.slow
def test_the_comparison_covers_all_that_trains(whole, wholes):
    names = programs.saved_variables(whole.model)
    for part in (
        "encoder/",
        "decoder/",
        "discriminator/",
        "encoder_ema/",
        "decoder_ema/",
        "generator_optimizer/",
        "discriminator_optimizer/",
        "vars/",  # The step.
    ):
        assert any(name.startswith(part) for name in names), part
    scaled = programs.saved_variables(wholes("mixed_float16").model)
    for player in ("generator", "discriminator"):
        # The counter of finite steps, and the scale.
        assert {f"{player}_optimizer/vars/{n}" for n in "01"} <= scaled.keys()
    assert programs.differences(whole, whole) == []
    assert len(programs.differences(wholes("mixed_bfloat16"), whole)) > 50


def terminated_at(step, times=1):
    """Lets SIGTERM come after a step of a run in this process."""

    def send(callback, batch, logs=None):
        if callback.model.step.numpy() == step:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGTERM)

    return mock.patch.object(
        callbacks.ContinueMeans, "on_train_batch_end", send
    )


def check_sigterm(wholes, path, flags, capfd, precision, step, times=1):
    flags = (*flags, f"--precision={precision}")
    with terminated_at(step, times):
        status, workdir = programs.train_tiny(path, *flags)
    assert status == 143
    said = capfd.readouterr().err.splitlines()[-1]
    newest = workdir.checkpoints.newest()
    assert newest[0] == step
    assert said == (
        f"Terminated after step {step}. The same command continues from "
        f"{newest[1]}"
    )
    # Other checkpoints make no difference.
    again = programs.train_tiny(path, *flags, "--checkpoint_every_steps=2")
    assert again[0] == 0
    assert f"Continuing after step {step}" in capfd.readouterr().out
    assert programs.differences(workdir, wholes(precision)) == []


@pytest.mark.parametrize(
    ("precision", "step", "times"),
    [
        pytest.param("float32", 4, 2, marks=pytest.mark.slow),
        ("float32", STEPS, 1),
        pytest.param("mixed_bfloat16", 2, 1, marks=pytest.mark.exhaustive),
        pytest.param("mixed_float16", 5, 1, marks=pytest.mark.exhaustive),
    ],
)
def test_sigterm_saves_and_the_end_is_the_same(
    wholes, tmp_path, flags, capfd, precision, step, times
):
    check_sigterm(
        wholes, tmp_path / "run", flags, capfd, precision, step, times
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("precision", "step"),
    [
        *(("float32", step) for step in range(1, EPOCHS * STEPS + 1, 2)),
        ("mixed_bfloat16", 7),
        ("mixed_float16", 7),
    ],
)
def test_any_step_will_do(wholes, tmp_path, flags, capfd, precision, step):
    check_sigterm(wholes, tmp_path / "run", flags, capfd, precision, step)


def go_on(workdir, flags, *more):
    status, _ = programs.train_tiny(workdir.path, *flags, *more)
    assert status == 0


@pytest.mark.parametrize(
    "lost",
    [
        ["*.png", "model.keras", "training.json"],
        ["training.json"],
        # history.json has the third epoch already, the checkpoints have not.
        ["checkpoints/step_00000009*", "model.keras", "training.json"],
        ["checkpoints/*", "history.json", "model.keras", "training.json"],
    ],
)
def test_a_kill_between_two_files_is_made_good(whole, flags, tmp_path, lost):
    workdir = cut_back(whole, tmp_path, *lost)
    go_on(workdir, flags)
    assert programs.differences(workdir, whole) == []
    for name in ("samples.png", "losses.png"):
        expected = (whole.path / name).read_bytes()
        assert (workdir.path / name).read_bytes() == expected


def test_a_kill_before_old_checkpoints_are_dropped(whole, flags, tmp_path):
    workdir = cut_back(
        whole, tmp_path, "checkpoints/step_00000009*", "model.keras"
    )
    newest = workdir.checkpoints.newest()[1]
    for step in range(1, 6):
        name = f"step_{step:08d}.weights.h5"
        shutil.copy(newest, newest.with_name(name))
    go_on(workdir, flags, "--keep_checkpoints=1")
    assert list(workdir.checkpoints.paths()) == [EPOCHS * STEPS]
    assert programs.differences(workdir, whole) == []


@pytest.mark.parametrize(
    "size",
    [3000, *(pytest.param(s, marks=pytest.mark.slow) for s in (None, 0))],
)
def test_a_damaged_newest_checkpoint_is_passed_over(
    whole, flags, tmp_path, capfd, size
):
    workdir = cut_back(whole, tmp_path, "model.keras", "training.json")
    step, newest = workdir.checkpoints.newest()
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 4
    newest.write_bytes(content[:size])
    go_on(workdir, flags)
    captured = capfd.readouterr()
    assert f"warning: {newest} is damaged" in captured.err
    assert f"Continuing after step {step - STEPS} " in captured.out
    assert programs.differences(workdir, whole) == []


def test_no_whole_checkpoint_is_the_end(whole, flags, tmp_path, capfd):
    workdir = cut_back(whole, tmp_path, "model.keras", "training.json", ".lock")
    for path in workdir.checkpoints.paths().values():
        path.write_bytes(path.read_bytes()[:1000])
    before = programs.snapshot(workdir.path)
    status, _ = programs.train_tiny(workdir.path, *flags)
    line = programs.error_line(status, capfd.readouterr())
    assert f"{workdir.checkpoints.folder}, where all 2 are damaged" in line
    after = programs.snapshot(workdir.path)
    assert after.pop(".lock") and after == before


@pytest.mark.slow
def test_more_epochs_train_on_as_one_run(whole, flags, tmp_path):
    workdir = Workdir(tmp_path / "run")
    for epochs in (1, EPOCHS):
        go_on(workdir, flags, f"--epochs={epochs}")
    assert programs.differences(workdir, whole) == []
    assert json.loads(workdir.config.read_text())["epochs"] == EPOCHS


def test_a_finished_run_says_so_and_touches_nothing(whole, flags, capsys):
    before = programs.snapshot(whole.path)
    go_on(whole, flags)
    assert f"{whole.path} is finished" in capsys.readouterr().out
    assert programs.snapshot(whole.path) == before


def test_a_finished_run_without_checkpoints_does_not_start_anew(
    whole, flags, tmp_path, capfd
):
    workdir = cut_back(whole, tmp_path, "checkpoints/*")
    before = programs.snapshot(workdir.path).keys()
    status, _ = programs.train_tiny(workdir.path, *flags, "--epochs=4")
    line = programs.error_line(status, capfd.readouterr())
    assert f"{workdir.path}, without checkpoints" in line
    assert programs.snapshot(workdir.path).keys() == before


@pytest.mark.parametrize(
    ("flag", "named"),
    [
        ("--epochs=2", "epochs=2"),
        ("--seed=1", "seed=1"),
        ("--latent_dim=3", "latent_dim=3"),
        ("--preset=report_mnist", "preset=report_mnist"),
    ],
)
def test_another_configuration_is_refused(whole, flags, capsys, flag, named):
    before = programs.snapshot(whole.path)
    status, _ = programs.train_tiny(whole.path, *flags, flag)
    line = programs.error_line(status, capsys.readouterr())
    assert line.endswith(f"Received: {named}")
    assert programs.snapshot(whole.path) == before
