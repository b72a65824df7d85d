"""From a configuration to a trained model in a folder."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Config
from tests import programs

PICTURES = ("samples", "reconstructions", "interpolations", "losses")


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """`Workdir` path of one pass over RGB images that are not square."""
    folder = tmp_path_factory.mktemp("wide")
    programs.store_dataset(
        folder, "wide", {"train": 50}, shape=(20, 30, 3), label=False
    )
    config = Config.from_preset(
        "mnist",
        "wide",
        data_dir=str(folder),
        channels=3,
        epochs=1,
        batch_size=20,
        precision="mixed_bfloat16",
    )
    ali_keras.train(config, str(folder / "run"))
    return folder / "run"


def test_a_run_leaves_what_it_should(finished):
    names = {path.name for path in finished.path.iterdir()}
    assert names == {
        ".lock",
        "checkpoints",
        "config.json",
        "history.json",
        "logs",
        "model.keras",
        "training.json",
        *(f"{name}.png" for name in PICTURES),
    }
    assert [path.name for path in finished.checkpoints.folder.iterdir()] == [
        "step_00000002.weights.h5"
    ]


def test_history_has_finite_figures_of_each_epoch(finished):
    history = json.loads(finished.history.read_text())
    assert {
        "discriminator_loss",
        "generator_loss",
        "discriminator_accuracy",
        "gradient_penalty",
        "seconds",
    } <= set(history)
    for values in history.values():
        assert len(values) == 1
        assert math.isfinite(values[0])
    assert history["seconds"][0] > 0


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("samples", 10, 10),
        ("reconstructions", 10, 10),
        ("interpolations", 10, 10),
    ],
)
def test_pictures_have_their_rows_and_columns(finished, name, rows, columns):
    picture = tf.io.decode_png((finished.path / f"{name}.png").read_bytes())
    assert picture.shape == (rows * 30 * 2, columns * 30 * 2, 1)


def test_the_saved_model_is_the_newest_checkpoint(finished):
    model, config = finished.load()
    restored = ali_keras.build_model(config)
    assert finished.checkpoints.restore(restored) is None  # An epoch's end.
    assert int(restored.step) == 2
    for a, b in zip(model.variables, restored.variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_moves_all_networks(finished):
    model, config = finished.load()
    initial = ali_keras.build_model(config)
    for name in ("encoder", "decoder", "discriminator", "encoder_ema"):
        old = (
            getattr(initial, name).trainable_variables
            or getattr(initial, name).variables
        )
        new = (
            getattr(model, name).trainable_variables
            or getattr(model, name).variables
        )
        assert any(
            (a != b).numpy().any() for a, b in zip(old, new, strict=True)
        )


@pytest.mark.slow
def test_images_of_another_shape_are_trained_on(wide):
    model = keras.models.load_model(wide / "model.keras")
    assert model.encoder.input_shape == (None, 28, 28, 3)
    samples = tf.io.decode_png((wide / "samples.png").read_bytes())
    assert samples.shape[-1] == 3


@pytest.mark.slow
def test_an_epoch_is_one_pass_unless_told(wide):
    # 45 of the 50 images are trained on, 20 a step.
    assert int(keras.models.load_model(wide / "model.keras").step) == 2


def test_few_held_out_images_still_make_pictures(wide):
    reconstructions = (wide / "reconstructions.png").read_bytes()
    # 5 pairs, 2 rows from one original to another.
    assert tf.io.decode_png(reconstructions).shape[:2] == (60, 600)
    interpolations = (wide / "interpolations.png").read_bytes()
    assert tf.io.decode_png(interpolations).shape[:2] == (120, 600)


def test_a_lower_precision_trains_float32_variables(wide):
    model = keras.models.load_model(wide / "model.keras")
    assert model.encoder.layers[1].compute_dtype == "bfloat16"
    assert {v.dtype for v in model.encoder.variables} == {"float32"}


def test_a_built_model_is_the_configuration_s():
    config = Config.from_preset(
        "mnist",
        latent_dim=7,
        ema_decay=0.5,
        gradient_penalty=0.25,
        generator_learning_rate=0.125,
        discriminator_learning_rate=0.0625,
        learning_rate_decay_steps=0,
        seed=3,
    )
    model = ali_keras.build_model(config)
    assert (model.latent_dim, model.ema_decay, model.seed) == (7, 0.5, 3)
    assert model.objective.gradient_penalty == 0.25
    assert float(model.generator_optimizer.learning_rate) == 0.125
    assert float(model.discriminator_optimizer.learning_rate) == 0.0625
    assert model.generator_optimizer.beta_1 == config.beta_1


def test_learning_rates_fall_along_a_half_cosine():
    config = Config.from_preset(
        "mnist",
        generator_learning_rate=0.5,
        learning_rate_decay_steps=10,
    )
    optimizer = ali_keras.build_model(config).generator_optimizer
    rates = []
    for step in (0, 5, 10, 20):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    np.testing.assert_allclose(rates, [0.5, 0.25, 0, 0], atol=1e-6)


def test_the_seed_fixes_the_initial_weights():
    weights = [
        ali_keras.build_model(
            Config.from_preset("mnist", seed=seed)
        ).encoder.get_weights()
        for seed in (1, 1, 2)
    ]
    for a, b in zip(weights[0], weights[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert (weights[0][0] != weights[2][0]).any()
