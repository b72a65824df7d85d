"""Ctrl-C during training: a checkpoint first; twice, at once."""

import os
import signal
from unittest import mock

import pytest

from ali_keras.distribution import signals
from ali_keras.errors import Interrupted
from ali_keras.errors import Terminated
from ali_keras.training import callbacks
from tests import programs

STEPS = 3  # In an epoch of programs.TINY.


@pytest.fixture(autouse=True)
def handler():
    """Ctrl-C as a shell's foreground job has it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    return f"--data_dir={folder}", "--epochs=2"


def sent_at(step, *numbers):
    """Lets signals come after a step of a run in this process."""

    def send(callback, batch, logs=None):
        if callback.model.step.numpy() == step:
            for number in numbers:
                os.kill(os.getpid(), number)

    return mock.patch.object(
        callbacks.ContinueMeans, "on_train_batch_end", send
    )


@pytest.mark.slow
def test_once_it_saves_and_the_end_is_the_same(flags, tmp_path, capfd):
    step = STEPS + 1
    with sent_at(step, signal.SIGINT):
        status, workdir = programs.train_tiny(tmp_path / "run", *flags)
    assert status == 130
    newest = workdir.checkpoints.newest()
    assert newest[0] == step
    *_, notice, said = capfd.readouterr().err.splitlines()
    assert notice.startswith("Interrupted: ends after this step")
    assert said == (
        f"Interrupted after step {step}. The same command continues from "
        f"{newest[1]}"
    )
    for path in (workdir.path, tmp_path / "whole"):
        status, last = programs.train_tiny(path, *flags)
        assert status == 0
    assert programs.differences(workdir, last) == []


def test_twice_it_ends_at_once(flags, tmp_path, capfd):
    with sent_at(STEPS + 1, signal.SIGINT, signal.SIGINT):
        status, workdir = programs.train_tiny(tmp_path / "run", *flags)
    assert status == 130
    assert workdir.checkpoints.newest()[0] == STEPS  # None at this step.
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "Interrupted."


def test_the_handler_is_that_of_before_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with signals.handled_by(print, *signals.ENDINGS):
        assert signal.getsignal(signal.SIGINT) is print
        assert signal.getsignal(signal.SIGTERM) is print
    assert signal.getsignal(signal.SIGINT) is before


def test_a_background_job_goes_on_ignoring_it():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with signals.handled_by(print, *signals.ENDINGS):
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ([signal.SIGINT], Interrupted),
        ([signal.SIGTERM], Terminated),
        ([signal.SIGTERM, signal.SIGTERM], Terminated),
    ],
)
def test_the_first_signal_says_how_it_ends(numbers, kind, capfd):
    notice = signals.SignalNotice()
    assert not notice.received
    for number in numbers:
        notice.receive(number, None)
    assert notice.received
    ending = notice.ending(" after step 3.")
    assert type(ending) is kind
    assert str(ending) == f"{kind.__name__} after step 3."
