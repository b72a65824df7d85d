"""A run's folder: whose it is, its checkpoints, its finished model."""

import shutil

import keras
import numpy as np
import pytest

from ali_keras import Config
from ali_keras import InputError
from ali_keras.workdir import Workdir
from tests import programs


@pytest.fixture
def config():
    return Config.from_preset("mnist", "mnist_5k", epochs=5)


@pytest.fixture
def workdir(tmp_path, config):
    workdir = Workdir(tmp_path / "run")
    workdir.claim(config)
    return workdir


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished run, to spoil."""
    shutil.copytree(finished.path, tmp_path / "copy")
    return Workdir(tmp_path / "copy")


def small_model(value=0.0):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.set_weights([np.full(w.shape, value) for w in model.weights])
    return model


def truncate(path, share=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def test_a_new_folder_is_free_and_is_not_made_by_a_check(tmp_path, config):
    Workdir(tmp_path / "run").check(config)
    assert not (tmp_path / "run").exists()


def test_the_same_configuration_and_more_epochs_are_welcome(workdir, config):
    workdir.check(config)
    workdir.check(config.replace(epochs=6))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("epochs", 5, 4),
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


def test_more_epochs_excuse_no_other_difference(workdir, config):
    with pytest.raises(InputError, match="seed=1"):
        workdir.check(config.replace(epochs=9, seed=1))


def test_a_claim_below_a_file_is_refused(tmp_path, config):
    (tmp_path / "file").write_text("old")
    workdir = Workdir(tmp_path / "file" / "run")
    workdir.check(config)
    with pytest.raises(InputError, match="can be written"):
        workdir.claim(config)


def test_without_checkpoints_nothing_is_restored(workdir):
    model = small_model(7.0)
    assert workdir.newest_checkpoint() == (0, None)
    assert workdir.restore(model) == 0
    assert all((w.numpy() == 7).all() for w in model.weights)


def test_the_two_newest_checkpoints_are_kept(workdir):
    for epochs in (1, 2, 3, 10):
        workdir.save_checkpoint(small_model(epochs), epochs)
    names = sorted(path.name for path in workdir.checkpoints.iterdir())
    assert names == ["epoch_000003.weights.h5", "epoch_000010.weights.h5"]


def test_the_newest_checkpoint_is_restored(workdir):
    for epochs in (9, 10):
        workdir.save_checkpoint(small_model(epochs), epochs)
    (workdir.checkpoints / "epoch_99.txt").touch()
    (workdir.checkpoints / ".7.epoch_000011.weights.h5").touch()
    model = small_model()
    assert workdir.restore(model) == 10
    assert all((w.numpy() == 10).all() for w in model.weights)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_truncated_checkpoint_is_named_and_left(workdir, share):
    workdir.save_checkpoint(small_model(), 1)
    workdir.save_checkpoint(small_model(), 2)
    _, newest = workdir.newest_checkpoint()
    truncate(newest, share)
    before = programs.snapshot(workdir.path)
    with pytest.raises(InputError, match="must be a whole file") as caught:
        workdir.restore(small_model())
    assert str(newest) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert programs.snapshot(workdir.path) == before


def test_a_checkpoint_of_another_model_is_named(workdir):
    workdir.save_checkpoint(small_model(), 1)
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
    with pytest.raises(InputError, match="epoch_000001"):
        workdir.restore(other)


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


def test_a_damaged_model_is_named(copy):
    content = bytearray(copy.model.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 100] = bytes(100)
    copy.model.write_bytes(content)
    with pytest.raises(InputError, match="must be a whole file"):
        copy.load()


def test_a_failed_save_leaves_the_old_checkpoint(workdir):
    class Broken(keras.Sequential):
        def save_own_variables(self, store):
            raise RuntimeError("half-way")

    workdir.save_checkpoint(small_model(1.0), 1)
    before = programs.snapshot(workdir.path)
    broken = Broken([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(RuntimeError, match="half-way"):
        workdir.save_checkpoint(broken, 1)
    assert programs.snapshot(workdir.path) == before
