"""Fitting on any kind of batch, saving, and training on as if never saved."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Objective
from tests import tiny

IMAGES = tiny.images()
LABELS = np.arange(8)
# Depends on the step in all ways: noise, its annealing, dropout.
OBJECTIVE = Objective(
    relativistic=True,
    gradient_penalty=0.3,
    instance_noise=0.5,
    instance_noise_steps=10,
    encoder_shift=1,
)


def train(model, first, last):
    """Takes the steps from first to last, each on images of its own."""
    for number in range(first, last):
        model.train_step(tf.constant(tiny.images(seed=number)))


def batches(data):
    return tf.data.Dataset.from_tensor_slices(data).batch(4)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model after two steps, and the folder of its files."""
    folder = tmp_path_factory.mktemp("saved")
    model = tiny.model(OBJECTIVE, ema_decay=0.15)
    train(model, 0, 2)
    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    at_saving = tiny.values(model)
    train(model, 2, 4)
    return folder, at_saving, tiny.values(model)


def load(folder):
    return keras.models.load_model(folder / "model.keras", safe_mode=True)


def load_weights(folder, name="model.weights.h5"):
    model = tiny.model(OBJECTIVE, ema_decay=0.15, seed=5)
    model.load_weights(folder / name)
    return model


def load_weights_of_model(folder):
    return load_weights(folder, "model.keras")


@pytest.mark.parametrize("restore", (load, load_weights, load_weights_of_model))
def test_a_restored_model_trains_on_bit_for_bit(saved, restore):
    folder, at_saving, later = saved
    model = restore(folder)
    assert tiny.changed(at_saving, tiny.values(model)) == set()
    train(model, 2, 4)
    assert tiny.changed(later, tiny.values(model)) == set()
    assert "step" in tiny.changed(at_saving, later)


def test_a_loaded_model_has_its_settings(saved):
    model = load(saved[0])
    assert model.objective == OBJECTIVE
    assert (model.seed, model.ema_decay, model.latent_dim) == (7, 0.15, 3)
    assert model.generator_optimizer.beta_1 == 0.5
    assert model.optimizer.iterations is model.step
    assert not model.encoder_ema.trainable_variables


@pytest.mark.parametrize("dtype", ("mixed_bfloat16", "float64"))
def test_precision_survives_saving(tmp_path, dtype):
    model = tiny.model(dtype=dtype)
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path)
    before, after = tiny.values(model), tiny.values(loaded)
    assert {v.dtype for v in after.values()} == {
        v.dtype for v in before.values()
    }
    assert tiny.changed(before, after) == set()
    np.testing.assert_array_equal(loaded.encode(IMAGES), model.encode(IMAGES))
    for network in ("encoder", "discriminator"):
        policies = [
            [layer.dtype_policy.name for layer in getattr(m, network).layers]
            for m in (model, loaded)
        ]
        assert policies[0] == policies[1]


def test_settings_of_compile_survive_saving(tmp_path):
    model = tiny.model(steps_per_execution=3, jit_compile=False)
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path)
    assert loaded.steps_per_execution == 3
    assert loaded.jit_compile is False


def test_a_model_that_was_not_compiled_can_be_saved(tmp_path):
    model = ali_keras.ALI(*tiny.networks())
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path)
    np.testing.assert_array_equal(loaded.encode(IMAGES), model.encode(IMAGES))


@pytest.mark.parametrize(
    "data",
    (
        batches(IMAGES),
        batches((IMAGES, LABELS)),
        batches({"image": IMAGES, "label": LABELS}),
        IMAGES,
        IMAGES.astype("float64"),
    ),
    ids=("images", "with labels", "dictionary", "array", "float64 array"),
)
def test_any_kind_of_batch_trains_alike(data):
    expected = tiny.model()
    for images in (IMAGES[:4], IMAGES[4:]):
        expected.train_step(tf.constant(images))
    model = tiny.model(run_eagerly=True)
    batch_size = None if isinstance(data, tf.data.Dataset) else 4
    tiny.fit(model, data, batch_size=batch_size)
    assert tiny.changed(tiny.values(expected), tiny.values(model)) == set()


def test_two_steps_per_execution_train_alike():
    models = [tiny.model(steps_per_execution=n) for n in (1, 2)]
    for model in models:
        figures = tiny.fit(model, tiny.images(16))
        assert figures.keys() == {
            "discriminator_loss",
            "generator_loss",
            "discriminator_accuracy",
        }
    one, two = map(tiny.values, models)
    assert one["step"] == 4
    assert tiny.changed(one, two) == set()
