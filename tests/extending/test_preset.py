"""A preset is a dictionary more in `PRESETS`."""

import pytest

from ali_keras import Config
from ali_keras import InputError
from ali_keras.presets import PRESETS


def test_it_is_resolved_by_its_name(monkeypatch):
    preset = {**PRESETS["mnist"], "latent_dim": 9, "cycle": "l2"}
    monkeypatch.setitem(PRESETS, "mnist_9", preset)
    config = Config.from_preset("mnist_9", "mnist")
    assert (config.preset, config.latent_dim) == ("mnist_9", 9)
    assert config.objective.cycle == "l2"
    assert config.differences(Config.from_preset("mnist", "mnist")) == [
        "preset",
        "latent_dim",
        "cycle",
    ]


@pytest.mark.parametrize(
    ("preset", "error", "words"),
    (
        ({"latent_dim": 0}, InputError, "latent_dim must be at least 1"),
        ({"latent_dims": 9}, TypeError, "no setting latent_dims"),
    ),
)
def test_a_mistake_in_it_is_named(monkeypatch, preset, error, words):
    monkeypatch.setitem(PRESETS, "new", {**PRESETS["mnist"], **preset})
    with pytest.raises(error, match=words):
        Config.from_preset("new")
