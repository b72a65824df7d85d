"""A run that is ended at fewer epochs than it was begun with."""

import json
import re

import pytest

from ali_keras.workdir.workdir import Workdir
from tests import programs
from tests.training.test_resume import STEPS
from tests.training.test_resume import terminated_at


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    return (f"--data_dir={folder}",)


@pytest.fixture(scope="module")
def short(tmp_path_factory, flags):
    """`Workdir` of a run of two epochs. Leave it as it is."""
    path = tmp_path_factory.mktemp("short") / "run"
    status, workdir = programs.train_tiny(path, *flags, "--epochs=2")
    assert status == 0
    return workdir


@pytest.fixture
def stopped(tmp_path, flags):
    """Function of a step, to the `Workdir` of a run that ended after it."""

    def stop(step):
        with terminated_at(step):
            status, workdir = programs.train_tiny(
                tmp_path / "run", *flags, "--epochs=9"
            )
        assert status == 143
        return workdir

    return stop


# At the end of the second epoch, in its midst, and at its start.
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(2 * STEPS, marks=pytest.mark.slow),
        2 * STEPS - 1,
        pytest.param(STEPS, marks=pytest.mark.exhaustive),
    ],
)
def test_it_ends_as_a_run_of_so_many_epochs(stopped, short, flags, step):
    workdir = stopped(step)
    status, _ = programs.train_tiny(workdir.path, *flags, "--epochs=2")
    assert status == 0
    assert programs.differences(workdir, short) == []
    for path in (workdir.config, workdir.training):
        assert json.loads(path.read_text())["epochs"] == 2
    for name in ("samples.png", "reconstructions.png", "interpolations.png"):
        expected = (short.path / name).read_bytes()
        assert (workdir.path / name).read_bytes() == expected
    with programs.tiny_networks():
        _, config = Workdir(workdir.path).load()
    assert config.epochs == 2


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        pytest.param(
            2 * STEPS,
            "epochs must be at least 2: so many are trained in ",
            marks=pytest.mark.slow,
        ),
        (2 * STEPS - 1, f"epochs must be at least 2: .* step {2 * STEPS - 1}"),
    ],
)
def test_fewer_than_are_trained_are_refused(stopped, flags, capsys, step, rule):
    workdir = stopped(step)
    before = programs.snapshot(workdir.path)
    capsys.readouterr()
    status, _ = programs.train_tiny(workdir.path, *flags, "--epochs=1")
    line = programs.error_line(status, capsys.readouterr())
    assert line.startswith("error: ") and line.endswith("Received: epochs=1")
    assert re.search(rule, line)
    assert programs.snapshot(workdir.path) == before
