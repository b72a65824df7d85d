"""A run that was cut short goes on as if nothing had been."""

import json
import shutil
import signal
import sys
import time

import pytest

from ali_keras.workdir import Workdir
from tests import programs
from tools import train

EPOCHS = 3


@pytest.fixture(scope="module")
def flags(data_dir):
    return (
        *programs.SMALL,
        "--steps_per_epoch=25",
        f"--data_dir={data_dir}",
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory, flags):
    """`Workdir` of a run that nothing interrupted. Leave it as it is."""
    workdir = Workdir(tmp_path_factory.mktemp("whole") / "run")
    assert go_on(workdir, flags) == 0
    return workdir


def go_on(workdir, flags, epochs=EPOCHS):
    """Gives the same command again, in this process."""
    target = (f"--workdir={workdir.path}", f"--epochs={epochs}")
    return programs.start(train, *flags, *target)


def interrupt(workdir, flags, kind):
    """Sends a signal early in the second epoch of a process that trains."""
    target = (f"--workdir={workdir.path}", f"--epochs={EPOCHS}")
    # A shell's background job ignores Ctrl-C, and so would its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with programs.popen(
        sys.executable, "-m", "tools.train", *flags, *target
    ) as process:
        while not workdir.newest_checkpoint()[0] and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.05)
        process.send_signal(kind)
        output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def cut_back(whole, tmp_path, *names):
    """Copies a run without some of its files, as a kill leaves it."""
    workdir = Workdir(tmp_path / "run")
    shutil.copytree(whole.path, workdir.path)
    for name in names:
        for path in workdir.path.glob(name):
            path.unlink()
    return workdir


def assert_same_end(workdir, whole):
    """Compares every variable byte by byte, and the figures of each epoch."""
    found = programs.saved_variables(workdir.model)
    expected = programs.saved_variables(whole.model)
    assert found.keys() == expected.keys()
    assert [k for k in found if found[k] != expected[k]] == []
    found = json.loads(workdir.history.read_text())
    expected = json.loads(whole.history.read_text())
    for history in (found, expected):
        assert len(history.pop("seconds")) == EPOCHS
    assert found == expected


def test_the_comparison_covers_all_that_trains(whole):
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
    model, _ = whole.load()
    assert int(model.step) == 25 * EPOCHS


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bytes(whole, flags, tmp_path, capsys):
    workdir = Workdir(tmp_path / "run")
    status, _, _ = interrupt(workdir, flags, signal.SIGKILL)
    epochs, _ = workdir.newest_checkpoint()
    assert status == -signal.SIGKILL
    assert 1 <= epochs < EPOCHS and not workdir.model.exists()
    assert go_on(workdir, flags) == 0
    assert f"Continuing after epoch {epochs}" in capsys.readouterr().out
    assert_same_end(workdir, whole)


@pytest.mark.slow
def test_ctrl_c_ends_with_one_line_and_status_130(flags, tmp_path):
    workdir = Workdir(tmp_path / "run")
    status, output, errors = interrupt(workdir, flags, signal.SIGINT)
    assert status == 130
    assert "Traceback" not in output + errors
    lines = [x for x in errors.splitlines() if x.startswith("Interrupted.")]
    assert len(lines) == 1
    assert 1 <= workdir.newest_checkpoint()[0] < EPOCHS
    assert not list(workdir.checkpoints.glob(".*"))


@pytest.mark.slow
def test_more_epochs_train_on_as_one_run(whole, flags, tmp_path, capsys):
    workdir = Workdir(tmp_path / "run")
    assert go_on(workdir, flags, epochs=1) == 0
    assert go_on(workdir, flags) == 0
    assert "Continuing after epoch 1" in capsys.readouterr().out
    assert_same_end(workdir, whole)
    assert json.loads(workdir.config.read_text())["epochs"] == EPOCHS


def test_a_kill_before_the_end_is_made_good(whole, flags, tmp_path, capsys):
    workdir = cut_back(whole, tmp_path, "*.png", "model.keras", "training.json")
    assert go_on(workdir, flags) == 0
    assert f"Continuing after epoch {EPOCHS}" in capsys.readouterr().out
    assert_same_end(workdir, whole)
    for name in ("samples.png", "losses.png"):
        expected = (whole.path / name).read_bytes()
        assert (workdir.path / name).read_bytes() == expected


@pytest.mark.slow
def test_a_kill_before_the_checkpoint_repeats_the_epoch(
    whole, flags, tmp_path, capsys
):
    # history.json has the third epoch already, the checkpoints have not.
    newest = f"checkpoints/epoch_{EPOCHS:06d}.weights.h5"
    workdir = cut_back(whole, tmp_path, newest, "model.keras", "training.json")
    assert go_on(workdir, flags) == 0
    assert f"Continuing after epoch {EPOCHS - 1}" in capsys.readouterr().out
    assert_same_end(workdir, whole)


def test_a_finished_run_says_so_and_touches_nothing(whole, flags, capsys):
    before = programs.snapshot(whole.path)
    assert go_on(whole, flags) == 0
    assert f"{whole.path} is finished" in capsys.readouterr().out
    assert programs.snapshot(whole.path) == before


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
    target = (f"--workdir={whole.path}", f"--epochs={EPOCHS}")
    status = programs.start(train, *flags, *target, flag)
    line = programs.error_line(status, capsys.readouterr())
    assert line.endswith(f"Received: {named}")
    assert programs.snapshot(whole.path) == before


def test_a_truncated_checkpoint_is_named_and_left(
    whole, flags, tmp_path, capsys
):
    workdir = cut_back(whole, tmp_path, "model.keras", "training.json")
    _, newest = workdir.newest_checkpoint()
    newest.write_bytes(newest.read_bytes()[:1000])
    before = programs.snapshot(workdir.path)
    line = programs.error_line(go_on(workdir, flags), capsys.readouterr())
    assert str(newest) in line
    assert programs.snapshot(workdir.path) == before
