"""A job of several workers that loses one ends with the bytes it would have."""

import os
import re
import signal
import sys
import time

import pytest

from tests import programs

TRAIN = (
    *(sys.executable, "-m", "tools.train"),
    *programs.SMALL,
    "--batch_size=12",
    "--steps_per_epoch=12",
    "--epochs=2",
    "--checkpoint_every_steps=4",
)


def launch(folder, data_dir):
    """Opens a launcher of three workers, whose logs go to the folder."""
    return programs.popen(
        *(sys.executable, "-m", "tools.launch", "--num_workers=3"),
        f"--worker_logs={folder}",
        "--",
        *TRAIN,
        f"--data_dir={data_dir}",
        f"--workdir={folder / 'run'}",
    )


def wait_for_checkpoint(launcher, folder):
    """Returns in mid-epoch."""
    while not list(folder.glob("run/checkpoints/step_*.weights.h5")):
        assert launcher.poll() is None
        time.sleep(0.05)


def end(launcher, folder, status=0):
    """Waits for the end; returns what the launcher and its workers said."""
    printed, errors = launcher.communicate(timeout=600)
    logs = [path.read_text() for path in sorted(folder.glob("*.log"))]
    assert launcher.returncode == status, (printed, errors, logs)
    assert not any("Traceback" in log for log in logs)
    return printed, logs


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data_dir):
    """Variables that three workers end with if they are left in peace."""
    folder = tmp_path_factory.mktemp("whole")
    end(launch(folder, data_dir), folder)
    return programs.saved_variables(folder / "run" / "model.keras")


@pytest.mark.exhaustive
@pytest.mark.parametrize("lost", [0, 2])
def test_a_job_survives_the_loss_of_a_worker(whole, tmp_path, data_dir, lost):
    launcher = launch(tmp_path, data_dir)
    started = launcher.stdout.readline()
    pids = [int(pid) for pid in re.findall(r"\d+", started.split(":")[1])]
    wait_for_checkpoint(launcher, tmp_path)
    os.kill(pids[lost], signal.SIGKILL)
    printed, logs = end(launcher, tmp_path)
    assert f"Worker {lost} ended with status 137." in printed
    assert printed.count("Starting all again: 1 of 3.") == 1
    assert "Continuing after step" in logs[0]
    model = tmp_path / "run" / "model.keras"
    assert programs.saved_variables(model) == whole


@pytest.fixture
def heeds_ctrl_c():
    """Lets processes heed Ctrl-C, as a shell's foreground job does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("number", "word"),
    [(signal.SIGTERM, "Terminated"), (signal.SIGINT, "Interrupted")],
)
def test_a_job_told_to_end_goes_on_from_there(
    whole, tmp_path, data_dir, heeds_ctrl_c, number, word
):
    launcher = launch(tmp_path, data_dir)
    wait_for_checkpoint(launcher, tmp_path)
    launcher.send_signal(number)
    printed, logs = end(launcher, tmp_path, status=128 + number)
    assert "Starting all again" not in printed
    [saved] = re.findall(rf"{word} after step (\d+)\.", logs[0])
    assert f"step_{int(saved):08d}" in logs[0]
    assert all(log.endswith(f"{word}.\n") for log in logs[1:])
    numbers = re.findall(r"\d+", printed.splitlines()[0].split(":")[1])
    assert not any(os.path.exists(f"/proc/{each}") for each in numbers)
    _, logs = end(launch(tmp_path, data_dir), tmp_path)
    assert f"Continuing after step {saved} " in logs[0]
    model = tmp_path / "run" / "model.keras"
    assert programs.saved_variables(model) == whole
