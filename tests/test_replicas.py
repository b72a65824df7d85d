"""Two replicas train what one trains."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Config
from ali_keras import Objective
from ali_keras.architectures import ARCHITECTURES
from tests import tiny

BATCH_SIZE = 8
STEPS = 3
# All that acts on a step, with dropout and batch normalization in D.
EVERYTHING = {
    "gradient_penalty": 0.3,
    "instance_noise": 0.2,
    "instance_noise_steps": 10,
    "encoder_shift": 1,
}
OBJECTIVES = {
    "paper": Objective(),
    "every pair": Objective(**EVERYTHING),
    "every second pair": Objective(
        **EVERYTHING, gradient_penalty_interval=2, relativistic=True
    ),
}
# Largest difference of the weights, by norm, and of the reported figures.
TOLERANCES = {"float64": (1e-12, 1e-6), "float32": (1e-5, 1e-4)}


@pytest.fixture(scope="module")
def strategy():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def dataset(images):
    return tf.data.Dataset.from_tensor_slices(images).batch(
        BATCH_SIZE, drop_remainder=True
    )


def train(scope, dtype, objective):
    """A model after some steps, and what it reported."""
    images = tiny.images(BATCH_SIZE * STEPS)
    with scope:
        model = tiny.model(objective, dtype, ema_decay=0.2)
        history = tiny.fit(model, dataset(images), batch_size=None)
    return model, history


def distance(one, two):
    """Norm of the difference of all values, relative to the norm."""
    one = np.concatenate([v.ravel().astype("f8") for v in one.values()])
    two = np.concatenate([v.ravel().astype("f8") for v in two.values()])
    return np.linalg.norm(one - two) / np.linalg.norm(one)


def weights(model):
    """Values of all variables but the optimizers'."""
    return {
        name: value
        for name, value in tiny.values(model).items()
        if "optimizer" not in name and name != "step"
    }


@pytest.mark.parametrize(
    "name, dtype",
    (
        ("paper", "float32"),
        ("every pair", "float64"),
        ("every second pair", "float64"),
    ),
)
def test_two_replicas_train_what_one_trains(strategy, name, dtype):
    one, losses = train(contextlib.nullcontext(), dtype, OBJECTIVES[name])
    two, same_losses = train(strategy.scope(), dtype, OBJECTIVES[name])
    by_norm, by_figure = TOLERANCES[dtype]
    before = weights(tiny.model(dtype=dtype, ema_decay=0.2))
    assert distance(before, weights(one)) > 1e-3
    assert distance(weights(one), weights(two)) < by_norm
    # Keras' metrics count in float32, whatever the networks' type.
    assert {k: v[0] for k, v in same_losses.items()} == pytest.approx(
        {k: v[0] for k, v in losses.items()}, rel=by_figure
    )
    check_that_copies_agree(strategy, two)


def check_that_copies_agree(strategy, model):
    """Averages, statistics, optimizers and step are one on both replicas."""
    for name, variable in tiny.variables(model).items():
        first, second = strategy.experimental_local_results(variable.value)
        assert first.device != second.device
        np.testing.assert_array_equal(first, second, err_msg=name)
    assert model.step.numpy() == STEPS


def test_evaluation_on_two_replicas_equals_that_on_one(strategy):
    results = []
    for scope in (contextlib.nullcontext(), strategy.scope()):
        with scope:
            model = tiny.model(dtype="float64")
            results.append(
                model.evaluate(
                    dataset(tiny.images(32)), return_dict=True, verbose=0
                )
            )
    assert results[1] == pytest.approx(results[0], rel=1e-6)


def test_a_preset_trains_on_two_replicas(strategy, monkeypatch):
    # The preset's settings, on small networks.
    monkeypatch.setitem(ARCHITECTURES, "compact", tiny.TINY)
    config = Config.from_preset("mnist", batch_size=4)
    assert config.precision == "mixed_bfloat16" and config.gradient_penalty
    with strategy.scope():
        model = ali_keras.build_model(config)
        before = tiny.values(model)
        data = tf.data.Dataset.from_tensor_slices(tiny.images(8)).batch(4)
        losses = tiny.fit(model, data, batch_size=None)
    after = tiny.values(model)
    assert model.step.numpy() == 2
    assert all(np.isfinite(value).all() for value in after.values())
    assert np.isfinite([value for (value,) in losses.values()]).all()
    moved = tiny.changed(before, after)
    assert {k for k in after if k.endswith("kernel")} <= moved
