"""The configuration: presets, rules for values, JSON."""

import dataclasses
import json

import pytest

from ali_keras import Config
from ali_keras import InputError
from ali_keras.architectures import ARCHITECTURES
from ali_keras.config import all_settings
from ali_keras.distribution.precision import resolve
from ali_keras.presets import PRESETS


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_resolves(preset):
    config = Config.from_preset(preset, "mnist")
    assert config.preset == preset
    assert config.dataset == "mnist"
    for name, value in PRESETS[preset].items():
        expected = resolve(value) if name == "precision" else value
        assert getattr(config, name) == expected


@pytest.mark.parametrize(
    ("preset", "latent_dim", "discriminator_learning_rate"),
    [
        ("report_mnist", 128, 1e-5),
        ("report_svhn", 256, 1e-4),
        ("report_celeba", 256, 1e-4),
    ],
)
def test_report_presets_are_table_1(
    preset, latent_dim, discriminator_learning_rate
):
    config = Config.from_preset(preset)
    assert config.epochs == 100
    assert config.batch_size == 100
    assert config.latent_dim == latent_dim
    assert config.generator_learning_rate == 2e-4
    assert config.discriminator_learning_rate == discriminator_learning_rate


def test_report_presets_leave_our_stabilisers_off():
    for preset in ("report_mnist", "report_svhn", "report_celeba"):
        config = Config.from_preset(preset)
        assert not config.relativistic
        assert config.gradient_penalty == 0
        assert config.ema_decay == 0
        assert config.learning_rate_decay_steps == 0
        assert config.instance_noise > 0


def test_preset_mnist_has_a_small_latent_dim():
    assert Config.from_preset("mnist").latent_dim <= 64


def test_overrides_replace_and_none_keeps_the_preset():
    preset = Config.from_preset("mnist")
    config = Config.from_preset("mnist", latent_dim=7, epochs=None)
    assert config.latent_dim == 7
    assert config.epochs == preset.epochs
    assert config.differences(preset) == ["latent_dim"]


def test_overrides_of_zero_and_false_count():
    config = Config.from_preset("mnist", relativistic=False, ema_decay=0.0)
    assert config.relativistic is False
    assert config.ema_decay == 0.0


def test_unknown_preset_is_refused():
    with pytest.raises(InputError, match=r"preset must be one of .*'mnist'.*x"):
        Config.from_preset("x")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("latent_dim", 0, "at least 1"),
        ("batch_size", 0, "at least 1"),
        ("epochs", -3, "at least 1"),
        ("steps_per_epoch", 0, "at least 1"),
        ("gradient_penalty_interval", 0, "at least 1"),
        ("generator_learning_rate", 0.0, "above 0"),
        ("discriminator_learning_rate", -0.5, "above 0"),
        ("learning_rate_decay_steps", -1, "at least 0"),
        ("seed", -1, "in [0, 4294967295]"),
        ("seed", 2**70, "in [0, 4294967295]"),
        ("gradient_penalty", -0.1, "at least 0"),
        ("instance_noise", -0.1, "at least 0"),
        ("instance_noise_steps", -1, "at least 0"),
        ("ema_decay", 1.0, "in [0, 1)"),
        ("beta_1", 1.0, "in [0, 1)"),
        ("beta_2", -0.1, "in [0, 1)"),
        ("architecture", "resnet", f"one of {list(ARCHITECTURES)}"),
        ("channels", 4, "one of [1, 2, 3]"),
        (
            "precision",
            "float16",
            "one of ['float32', 'mixed_bfloat16', 'mixed_float16']",
        ),
        ("jit_compile", "yes", "one of ['auto', 'true', 'false']"),
    ],
)
def test_refused_values_are_named_with_their_rule(name, value, rule):
    with pytest.raises(InputError) as caught:
        Config.from_preset("mnist", **{name: value})
    assert str(caught.value) == f"{name} must be {rule}. Received: {value}"


@pytest.mark.parametrize(
    "name", ["generator_learning_rate", "gradient_penalty", "instance_noise"]
)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_must_be_finite(name, value):
    with pytest.raises(InputError, match=name):
        Config.from_preset("mnist", **{name: value})


def test_json_round_trip(tmp_path):
    config = Config.from_preset("report_svhn", "svhn_cropped", seed=3)
    config.write(tmp_path / "config.json")
    assert Config.read(tmp_path / "config.json") == config
    written = json.loads((tmp_path / "config.json").read_text())
    assert written == config.values()
    assert list(written) == [each.name for each in all_settings()]


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"must hold config\.json.*not exist"):
        Config.read(tmp_path / "config.json")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "{}", '{"unknown": 1}', '{"dataset": "x"}']
)
def test_broken_file_is_named(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(InputError, match="must be a configuration") as caught:
        Config.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_with_a_refused_value_is_refused(tmp_path):
    path = tmp_path / "config.json"
    values = Config.from_preset("mnist").values()
    path.write_text(json.dumps({**values, "epochs": 0}))
    with pytest.raises(InputError, match="epochs must be at least 1"):
        Config.read(path)


def test_differences_name_fields_in_order():
    config = Config.from_preset("mnist")
    assert config.differences(config) == []
    other = config.replace(seed=5, dataset="mnist", epochs=1)
    assert config.differences(other) == ["dataset", "epochs", "seed"]


def test_a_configuration_cannot_be_changed():
    config = Config.from_preset("mnist")
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.seed = 1
