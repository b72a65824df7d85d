"""Processes that are killed, again and again: the end is the same."""

import signal
import time

import numpy as np
import pytest

from ali_keras.workdir.workdir import Workdir
from tests import programs
from tools import train

EPOCHS = 3


@pytest.fixture(scope="module")
def flags(data_dir):
    return (
        *programs.SMALL,
        "--steps_per_epoch=10",
        f"--epochs={EPOCHS}",
        f"--data_dir={data_dir}",
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory, flags):
    """`Workdir` of a run that nothing interrupted. Leave it as it is."""
    path = tmp_path_factory.mktemp("whole") / "run"
    assert go_on(path, flags) == 0
    return Workdir(path)


def go_on(path, flags):
    """Gives the same command again, in this process."""
    return programs.start(train, *flags, f"--workdir={path}")


def wait(process, condition):
    """Returns when a condition holds or the process has ended."""
    while not condition() and process.poll() is None:
        time.sleep(0.0005)


def interrupt(workdir, flags, kind, delay=None):
    """Starts a process and sends it a signal.

    Args:
        delay: Seconds after its first checkpoint; `None`: while it writes one.

    Returns:
        Its status, output and errors.
    """
    folder = workdir.checkpoints.folder
    more = (f"--workdir={workdir.path}", "--checkpoint_every_steps=1")
    before = workdir.checkpoints.newest()
    with programs.open_train(*flags, *more) as process:
        if delay is None:
            wait(process, lambda: list(folder.glob(f".{process.pid}.*")))
        else:
            wait(process, lambda: workdir.checkpoints.newest() != before)
            time.sleep(delay)
        process.send_signal(kind)
        output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def check_kills(path, whole, flags, delays):
    workdir = Workdir(path)
    num_killed = num_half_written = 0
    for delay in delays:
        status, _, errors = interrupt(workdir, flags, signal.SIGKILL, delay)
        assert status in (0, -signal.SIGKILL), errors
        num_killed += status != 0
        num_half_written += len(list(workdir.path.rglob(".[0-9]*.*")))
    assert num_killed > len(delays) // 2
    assert go_on(path, flags) == 0
    assert not list(workdir.path.rglob(".[0-9]*.*"))
    assert programs.differences(workdir, whole) == []
    return num_half_written


@pytest.mark.exhaustive
def test_a_run_killed_three_times_ends_the_same(whole, flags, tmp_path):
    check_kills(tmp_path / "run", whole, flags, [0.1, None, 0.6])


@pytest.mark.exhaustive
def test_a_run_killed_twenty_times_ends_the_same(whole, flags, tmp_path):
    rng = np.random.default_rng()
    delays = [None if n % 3 else rng.uniform(0, 1) for n in range(20)]
    print("delays", delays)  # Shown if it fails.
    assert check_kills(tmp_path / "run", whole, flags, delays) > 0


@pytest.mark.exhaustive
def test_sigterm_ends_a_process_with_status_143(whole, flags, tmp_path):
    workdir = Workdir(tmp_path / "run")
    status, output, errors = interrupt(workdir, flags, signal.SIGTERM, 0.3)
    assert status == 143, errors
    step, newest = workdir.checkpoints.newest()
    assert errors.splitlines()[-1] == (
        f"Terminated after step {step}. The same command continues from "
        f"{newest}"
    )
    assert "Traceback" not in output + errors
    assert go_on(workdir.path, flags) == 0
    assert programs.differences(workdir, whole) == []


@pytest.mark.parametrize(
    "delay",
    [0, *(pytest.param(t, marks=pytest.mark.exhaustive) for t in (0.3, 1, 3))],
)
def test_sigterm_before_the_first_step_is_one_line(flags, tmp_path, delay):
    workdir = Workdir(tmp_path / "run")
    target = f"--workdir={workdir.path}"
    with programs.open_train(*flags, target) as process:
        line = process.stdout.readline()
        assert line.startswith("Images are")
        time.sleep(delay)
        process.terminate()
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    assert errors.splitlines()[-1].startswith("Terminated")
    assert "Traceback" not in output + errors
    assert not list(workdir.path.rglob(".[0-9]*.*"))


@pytest.mark.slow
def test_ctrl_c_ends_with_one_line_and_status_130(flags, tmp_path):
    # A shell's background job ignores Ctrl-C, and so would its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    workdir = Workdir(tmp_path / "run")
    status, output, errors = interrupt(workdir, flags, signal.SIGINT, 0.1)
    assert status == 130
    assert "Traceback" not in output + errors
    step, newest = workdir.checkpoints.newest()
    assert errors.splitlines()[-1] == (
        f"Interrupted after step {step}. The same command continues from "
        f"{newest}"
    )
    assert not list(workdir.checkpoints.folder.glob(".*"))


@pytest.mark.exhaustive
def test_a_second_process_is_refused_and_harms_nothing(
    whole, flags, tmp_path, capfd
):
    workdir = Workdir(tmp_path / "run")
    target = f"--workdir={workdir.path}"
    with programs.open_train(*flags, target) as process:
        wait(process, lambda: (workdir.path / "config.json").exists())
        line = programs.error_line(
            go_on(workdir.path, flags), capfd.readouterr()
        )
        process.communicate(timeout=300)
    assert line.endswith(f"in use by process {process.pid}")
    assert process.returncode == 0
    assert programs.differences(workdir, whole) == []
