"""A run's folder: whose it is, who is at work in it, its finished model."""

import os
import shutil

import keras
import pytest

from ali_keras import Config
from ali_keras import InputError
from ali_keras import files
from ali_keras.workdir.workdir import Workdir
from tests import programs


@pytest.fixture
def config():
    return Config.from_preset("mnist", "mnist_5k", epochs=5)


@pytest.fixture
def workdir(tmp_path, config):
    workdir = Workdir(tmp_path / "run")
    workdir.claim(config)
    take(workdir)
    return workdir


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished run, to spoil."""
    shutil.copytree(finished.path, tmp_path / "copy")
    return Workdir(tmp_path / "copy")


def take(workdir):
    """Lets the folder hold a checkpoint, of which the name is enough here."""
    path = workdir.checkpoints.folder / "step_00000001.weights.h5"
    files.write_bytes(path, b"")


def truncate(path, share=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def test_a_new_folder_is_free_and_is_not_made_by_a_check(tmp_path, config):
    Workdir(tmp_path / "run").check(config)
    assert not (tmp_path / "run").exists()


def test_other_epochs_are_welcome_but_not_below_what_is_done(workdir, config):
    files.write_json(workdir.history, {"seconds": [1.0, 1.0, 1.0]})
    for epochs in (5, 6, 3):
        workdir.check(config.replace(epochs=epochs))
    with pytest.raises(InputError, match="at least 3.*Received: epochs=2"):
        workdir.check(config.replace(epochs=2))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("seed", 0, 1),
        ("latent_dim", None, 9),
        ("dataset", "mnist_5k", "mnist"),
    ],
)
def test_other_configurations_are_refused(workdir, config, name, old, new):
    old = getattr(config, name) if old is None else old
    before = programs.snapshot(workdir.path)
    with pytest.raises(InputError) as caught:
        workdir.check(config.replace(**{name: new}))
    assert f"has {name}={old}. Received: {name}={new}" in str(caught.value)
    assert str(workdir.path) in str(caught.value)
    assert programs.snapshot(workdir.path) == before


def test_other_epochs_excuse_no_other_difference(workdir, config):
    for epochs in (4, 9):
        with pytest.raises(InputError, match="seed=1"):
            workdir.check(config.replace(epochs=epochs, seed=1))


def test_a_claim_below_a_file_is_refused(tmp_path, config):
    (tmp_path / "file").write_text("old")
    workdir = Workdir(tmp_path / "file" / "run")
    workdir.check(config)
    with pytest.raises(InputError, match="can be written"):
        workdir.claim(config)


def test_a_run_is_finished_by_its_epochs(copy):
    config = Config.read(copy.config)
    assert copy.is_finished(config)
    assert not copy.is_finished(config.replace(epochs=2))
    copy.training.unlink()
    assert not copy.is_finished(config)


def test_a_record_without_a_model_is_not_finished(copy):
    copy.model.unlink()
    assert not copy.is_finished(Config.read(copy.config))


def test_a_finished_run_loads(finished):
    model, config = finished.load()
    assert config == Config.read(finished.config)
    assert int(model.step) == 2
    assert model.latent_dim == config.latent_dim


def test_an_empty_folder_does_not_load(tmp_path):
    with pytest.raises(InputError, match=r"must hold config\.json"):
        Workdir(tmp_path).load()


def test_an_unfinished_run_does_not_load(workdir):
    with pytest.raises(InputError, match="finished training.*not finished"):
        workdir.load()


@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_a_truncated_model_is_named(copy, share):
    truncate(copy.model, share)
    with pytest.raises(InputError, match="must be a whole file") as caught:
        copy.load()
    assert str(copy.model) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_damaged_model_is_named(copy, share):
    content = bytearray(copy.model.read_bytes())
    start = int(share * len(content))
    content[start : start + 100] = bytes(100)
    copy.model.write_bytes(content)
    with pytest.raises(InputError, match="must be a whole file"):
        copy.load()


def test_what_is_no_json_is_named(copy):
    truncate(copy.training)
    with pytest.raises(InputError, match="must be whole") as caught:
        copy.is_finished(Config.read(copy.config))
    assert str(copy.training) in str(caught.value)


def test_a_failed_save_leaves_the_old_model(copy):
    class Broken(keras.Sequential):
        def save_own_variables(self, store):
            raise RuntimeError("half-way")

    before = programs.snapshot(copy.path)
    broken = Broken([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(RuntimeError, match="half-way"):
        copy.finish(broken, Config.read(copy.config))
    assert programs.snapshot(copy.path) == before


def test_a_claim_looks_again(workdir, config):
    workdir.claim(config.replace(epochs=6))
    assert Config.read(workdir.config).epochs == 6
    with pytest.raises(InputError, match="has seed=0"):
        workdir.claim(config.replace(epochs=6, seed=1))
    assert Config.read(workdir.config).seed == 0


def test_a_locked_folder_is_refused_and_told_by_whom(workdir):
    other = Workdir(workdir.path)
    with workdir.locked():
        with pytest.raises(InputError, match=f"process {os.getpid()}$"):
            with other.locked():
                raise AssertionError("Two hold the lock.")
    with other.locked():
        assert (other.path / ".lock").read_text() == str(os.getpid())


def test_rollbacks_are_none_or_as_written(workdir):
    assert workdir.read_rollbacks() == []
    rollbacks = [{"step": 3, "terms": ["generator_loss"]}]
    files.write_json(workdir.rollbacks, rollbacks)
    assert workdir.read_rollbacks() == rollbacks
