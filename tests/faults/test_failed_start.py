"""A start that failed binds no folder; a run with a checkpoint does."""

import shutil
from unittest import mock

import pytest
import tensorflow as tf

from ali_keras import Config
from ali_keras.training import loop
from ali_keras.workdir.workdir import Workdir
from tests import programs


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    return f"--data_dir={folder}", "--epochs=1"


@pytest.fixture(scope="module")
def whole(tmp_path_factory, flags):
    """`Workdir` of a run in a new folder. Leave it as it is."""
    path = tmp_path_factory.mktemp("whole") / "run"
    assert programs.train_tiny(path, *flags)[0] == 0
    return Workdir(path)


@pytest.fixture
def failed(tmp_path, flags, capfd):
    """`Workdir` of a start that asked for more memory than there is."""
    too_large = tf.errors.ResourceExhaustedError(None, None, "OOM: no memory")
    with mock.patch.object(loop, "build_model", side_effect=too_large):
        status, workdir = programs.train_tiny(
            tmp_path / "run", *flags, "--latent_dim=1000000000"
        )
    line = programs.error_line(status, capfd.readouterr())
    assert "lower --batch_size or --latent_dim. Received: OOM" in line
    assert Config.read(workdir.config).latent_dim == 1_000_000_000
    return workdir


@pytest.mark.exhaustive
def test_another_configuration_may_have_the_folder(failed, flags, whole):
    # As if it had gone back to the beginning, at lower rates.
    failed.rollbacks.write_text('[{"step": 1, "terms": ["generator_loss"]}]')
    assert programs.train_tiny(failed.path, *flags)[0] == 0
    assert not failed.rollbacks.exists()
    assert Config.read(failed.config) == Config.read(whole.config)
    assert programs.differences(failed, whole) == []


@pytest.mark.slow
def test_a_damaged_configuration_of_no_run_is_replaced(failed, flags, whole):
    failed.config.write_text('{"dataset": "ti')
    assert programs.train_tiny(failed.path, *flags)[0] == 0
    assert programs.differences(failed, whole) == []


def test_the_same_configuration_keeps_its_rollbacks(tmp_path):
    workdir = Workdir(tmp_path / "run")
    config = Config.from_preset("mnist", "tiny", epochs=3)
    workdir.claim(config)
    workdir.rollbacks.write_text("[]")
    workdir.claim(config.replace(epochs=2))
    assert workdir.rollbacks.exists()
    assert Config.read(workdir.config).epochs == 2


@pytest.mark.parametrize("left", ["checkpoints", "model.keras"])
def test_a_run_keeps_the_folder(whole, tmp_path, flags, capfd, left):
    workdir = Workdir(tmp_path / "run")
    shutil.copytree(whole.path, workdir.path)
    if left != "checkpoints":
        shutil.rmtree(workdir.checkpoints.folder)
    for path in (workdir.model, workdir.training):
        if path.name != left:
            path.unlink()
    before = programs.snapshot(workdir.path)
    status, _ = programs.train_tiny(workdir.path, *flags, "--latent_dim=5")
    line = programs.error_line(status, capfd.readouterr())
    assert line.endswith("has latent_dim=32. Received: latent_dim=5")
    assert programs.snapshot(workdir.path) == before


@pytest.mark.slow
def test_a_start_that_is_under_way_keeps_the_folder(tmp_path, flags, capfd):
    # It has no checkpoint yet, but the lock.
    path = tmp_path / "run"
    statuses = []
    original = loop.build_model

    def second(*args):
        if not statuses:
            statuses.append(None)  # The second must not start a third.
            statuses[0], _ = programs.train_tiny(path, *flags, "--seed=1")
        return original(*args)

    with mock.patch.object(loop, "build_model", second):
        assert programs.train_tiny(path, *flags)[0] == 0
    assert statuses == [2]
    assert "in use by process" in capfd.readouterr().err
    assert Config.read(Workdir(path).config).seed == 0
