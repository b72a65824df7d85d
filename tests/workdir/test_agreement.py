"""config.json that was edited is not taken for the model's."""

import dataclasses
import itertools

import keras
import pytest

from ali_keras import Config
from ali_keras import InputError
from ali_keras import build_model
from ali_keras.architectures import ARCHITECTURES
from ali_keras.presets import PRESETS
from ali_keras.workdir import agreement
from tests import programs
from tests import tiny

CHANGES = {
    "latent_dim": 31,
    "channels": 3,
    "prior": "uniform",
    "seed": 3,
    "ema_decay": 0.5,
    "precision": "mixed_bfloat16",
    "gradient_penalty": 9.0,
    "relativistic": False,
    "architecture": "bigan_mnist",
    "min_sigma": 0.1,
    "discriminator_normalization": "spectral",
}


@pytest.fixture(scope="module")
def config():
    return Config.from_preset("mnist", "mnist_5k", precision="float32")


@pytest.fixture(scope="module")
def model(config):
    return build_model(config)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.keras"


def test_what_is_built_agrees(model, config, path):
    agreement.check(model, config, path)


@pytest.mark.parametrize(("name", "value"), CHANGES.items())
def test_the_setting_that_differs_is_named(model, config, path, name, value):
    changed = config.replace(**{name: value})
    with pytest.raises(InputError) as caught:
        agreement.check(model, changed, path)
    message = str(caught.value)
    assert f"{name}={value}" in message and str(path.parent) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 99), ("dataset", "mnist"), ("generator_learning_rate", 0.1)],
)
def test_what_the_model_does_not_know_may_differ(
    model, config, path, name, value
):
    agreement.check(model, config.replace(**{name: value}), path)


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("mnist", {"precision": "mixed_float16"}),
        ("mnist", {"cycle": "adversarial", "cycle_weight": 1.0}),
        ("mnist", {"discriminator_normalization": "spectral"}),
        ("mnist", {"discriminator_normalization": "weight"}),
    ],
)
def test_saved_models_agree(path, preset, changes):
    with programs.tiny_networks():
        config = Config.from_preset(preset, "mnist", **changes)
        build_model(config).save(path)
        agreement.check(keras.models.load_model(path), config, path)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["mixture", "bigan_mnist", "svhn"])
def test_models_of_full_size_agree(path, preset):
    config = Config.from_preset(preset, "mnist")
    agreement.check(build_model(config), config, path)


def test_a_cycle_s_discriminator_that_is_missing_is_named(model, config, path):
    changed = config.replace(cycle="adversarial")
    with pytest.raises(InputError, match="cycle=adversarial"):
        agreement.check(model, changed, path)


def test_a_model_of_another_kind_is_named(config, path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(InputError, match="must be an ALI model.*Sequential"):
        agreement.check(model, config, path)


def test_networks_of_one_s_own_do_not_pass_for_the_architecture_s(path):
    config = Config.from_preset(
        "mnist", "mnist", latent_dim=tiny.LATENT_DIM, precision="float32"
    )
    objective = config.objective
    model = tiny.model(objective, ema_decay=config.ema_decay)
    model.seed = config.seed
    with pytest.raises(InputError, match="architecture=compact.*encoder"):
        agreement.check(model, config, path)


def test_no_two_architectures_are_alike():
    # Else one could stand in config.json for the other.
    tables = {n: dataclasses.astuple(a) for n, a in ARCHITECTURES.items()}
    alike = {
        (one, other)
        for one, other in itertools.combinations(tables, 2)
        if tables[one] == tables[other]
    }
    assert not alike


def test_all_presets_have_such_an_architecture():
    assert {p["architecture"] for p in PRESETS.values()} <= {*ARCHITECTURES}
