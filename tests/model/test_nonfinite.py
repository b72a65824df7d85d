"""Losses that leave the finite numbers: the run stops, or goes back."""

import functools
from unittest import mock

import numpy as np
import pytest

from ali_keras.training import callbacks
from ali_keras.training.loop import MAX_ROLLBACKS
from ali_keras.training.loop import TrainingLoop
from tests import programs

# float32 cannot square it.
NEVER_FINITE = "--instance_noise=1e38"
# Six steps at these rates overflow at 8, 4 and 2, and not at 1.
RATE = 8.0
HEALED = RATE / 2**MAX_ROLLBACKS
SIX_STEPS = ("--epochs=1", "--steps_per_epoch=6")
ROLLBACK = "--on_nonfinite=rollback"


@pytest.fixture(scope="module")
def tiny_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    return folder


@pytest.fixture
def train(tiny_data, tmp_path):
    """Function of a rate and flags, to a run's status and `Workdir`."""

    def run(rate, *flags):
        return programs.train_tiny(
            tmp_path / "run",
            f"--data_dir={tiny_data}",
            *SIX_STEPS,
            f"--generator_learning_rate={rate}",
            *flags,
        )

    return run


@pytest.fixture(scope="module")
def healed(tiny_data, tmp_path_factory):
    """Function of flags, to a run at the rates that `RATE` is brought to."""

    @functools.cache
    def run(*flags):
        status, workdir = programs.train_tiny(
            tmp_path_factory.mktemp("healed") / "run",
            f"--data_dir={tiny_data}",
            *SIX_STEPS,
            f"--generator_learning_rate={HEALED}",
            f"--discriminator_learning_rate={1e-3 / 2**MAX_ROLLBACKS}",
            *flags,
        )
        assert status == 0
        return workdir

    return run


def test_a_run_stops_and_names_step_and_terms(train, capfd):
    status, workdir = train(1e-3, NEVER_FINITE)
    line = programs.error_line(status, capfd.readouterr())
    assert status == 2
    assert "after step 1, discriminator_loss, generator_loss" in line
    assert "the beginning (there is none yet)" in line
    assert ROLLBACK in line
    assert not workdir.checkpoints.paths()
    assert not workdir.model.exists() and not workdir.rollbacks.exists()


def test_it_names_the_checkpoint_to_go_back_to(train, capfd):
    flags = ("--steps_per_epoch=1", "--epochs=4")
    status, workdir = train(4.0, *flags)
    line = programs.error_line(status, capfd.readouterr())
    step, path = workdir.checkpoints.newest()
    assert step == 1
    assert f"after step {step + 1}, " in line
    assert f"The last good checkpoint is {path};" in line
    assert path.exists()


def test_variables_that_are_not_finite_are_no_checkpoint(train, capfd):
    # The losses of the sixth step are finite, what it leaves behind is not.
    status, workdir = train(2.0)
    line = programs.error_line(status, capfd.readouterr())
    assert "after step 6, encoder_" in line and "kernel" in line
    assert not workdir.checkpoints.paths()


@pytest.mark.slow
@pytest.mark.parametrize(
    "decay_steps", [1000, pytest.param(0, marks=pytest.mark.exhaustive)]
)
def test_a_rollback_is_a_run_at_half_the_rates(
    train, healed, capfd, decay_steps
):
    decay = f"--learning_rate_decay_steps={decay_steps}"
    status, workdir = train(RATE, ROLLBACK, decay)
    assert status == 0
    warnings = [
        line
        for line in capfd.readouterr().err.splitlines()
        if line.startswith("warning: ")
    ]
    for line, factor in zip(warnings, (0.5, 0.25, 0.125), strict=True):
        assert f"at {factor:g} of their first values" in line
    rollbacks = workdir.read_rollbacks()
    assert [list(rollback) for rollback in rollbacks] == [["step", "terms"]] * 3
    assert rollbacks[0] == {
        "step": 2,
        "terms": ["discriminator_loss", "generator_loss"],
    }
    assert programs.differences(workdir, healed(decay)) == []


@pytest.mark.exhaustive
def test_three_rollbacks_are_the_end(train, capfd):
    for _ in range(2):  # Another start does not count anew.
        status, workdir = train(1e-3, NEVER_FINITE, ROLLBACK)
        line = programs.error_line(status, capfd.readouterr())
        assert status == 2
        assert f"after {MAX_ROLLBACKS} rollbacks" in line
        assert len(workdir.read_rollbacks()) == MAX_ROLLBACKS
    assert not workdir.checkpoints.paths()


@pytest.mark.exhaustive
@pytest.mark.parametrize("num_starts", [1, 2, 3])
def test_a_kill_between_rollbacks_changes_nothing(train, healed, num_starts):
    starts = [None] * num_starts + [KeyboardInterrupt]
    with mock.patch.object(TrainingLoop, "_describe_start", side_effect=starts):
        status, workdir = train(RATE, ROLLBACK)
    assert status == 130
    assert len(workdir.read_rollbacks()) == num_starts
    assert train(RATE, ROLLBACK)[0] == 0
    assert len(workdir.read_rollbacks()) == MAX_ROLLBACKS
    assert programs.differences(workdir, healed()) == []


def spoiling(step):
    """Lets a weight be lost after a step of a run in this process, once."""
    done = []

    def spoil(callback, batch, logs=None):
        model = callback.model
        if model.step.numpy() == step and not done:
            kernel = model.decoder.weights[0]
            kernel.assign(np.full(kernel.shape, np.nan))
            done.append(step)

    return mock.patch.object(
        callbacks.ContinueMeans, "on_train_batch_end", spoil
    )


@pytest.mark.slow
def test_it_goes_back_to_the_newest_checkpoint_and_stays_slow(train, capfd):
    flags = ("--steps_per_epoch=3", "--checkpoint_every_steps=2")
    with spoiling(5):
        status, workdir = train(2e-3, *flags, "--epochs=2", ROLLBACK)
    assert status == 0
    errors = capfd.readouterr().err
    assert f"Going back to {workdir.checkpoints.folder}/step_00000004" in errors
    (rollback,) = workdir.read_rollbacks()
    assert rollback["step"] == 6
    # Another start, and epochs more, do not bring the rates back.
    for epochs in (2, 3):
        assert train(2e-3, *flags, f"--epochs={epochs}")[0] == 0
        with programs.tiny_networks():
            model, config = workdir.load()
        assert float(model.generator_optimizer.learning_rate) == np.float32(
            1e-3
        )
        assert config.generator_learning_rate == 2e-3
