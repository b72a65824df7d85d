"""An architecture is one table more in `ARCHITECTURES`."""

import pytest

import ali_keras
from ali_keras.architectures import ARCHITECTURES
from ali_keras.workdir.workdir import Workdir
from tests import programs
from tests import tiny
from tools import train


def test_a_table_is_a_value_of_the_setting_architecture(monkeypatch):
    with pytest.raises(ali_keras.InputError, match="architecture must be one"):
        ali_keras.Config.from_preset("mnist", architecture="tiny")
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny.TINY)
    config = ali_keras.Config.from_preset("mnist", architecture="tiny")
    assert config.image_shape == (4, 4, 1)
    model = ali_keras.build_model(config)
    assert model.encode(tiny.images(2)).shape == (2, config.latent_dim)


def test_it_is_trained_by_its_name(monkeypatch, tmp_path):
    monkeypatch.setitem(ARCHITECTURES, "compact", tiny.PLAIN)
    programs.store_tiny(tmp_path)
    status = programs.start(
        train,
        *programs.TINY,
        "--epochs=1",
        "--architecture=compact",
        f"--data_dir={tmp_path}",
        f"--workdir={tmp_path / 'run'}",
    )
    assert status == 0
    model, config = Workdir(tmp_path / "run").load()
    assert config.architecture == "compact"
    assert model.encoder.input_shape == (None, 4, 4, 1)
