"""N replicas train what one trains; from Python, a scope is all it takes."""

import dataclasses
import functools
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Config
from ali_keras import Objective
from ali_keras.architectures import ARCHITECTURES
from tests import tiny

STEPS = 20
# All that acts on a step, with dropout and batch normalization in D.
EVERYTHING = {
    "gradient_penalty": 0.3,
    "instance_noise": 0.2,
    "instance_noise_steps": 10,
    "encoder_shift": 1,
}
OBJECTIVES = {
    "every pair": Objective(**EVERYTHING),
    "every second pair": Objective(
        **EVERYTHING, gradient_penalty_interval=2, relativistic=True
    ),
}
OPTIMIZERS = {
    # Gradients that are summed, not averaged, show with SGD only.
    "SGD": lambda: keras.optimizers.SGD(0.05, momentum=0.5),
    "Adam": tiny.adam,
}


# Those of generator and discriminator.
MIXED = ("SGD", "Adam")
SMALL = ("float64", "every second pair", MIXED)


def new_model(dtype, objective, optimizers, **options):
    return tiny.model(
        OBJECTIVES[objective],
        dtype,
        ema_decay=0.2,
        optimizers=[OPTIMIZERS[name]() for name in optimizers],
        **options,
    )


class Run(NamedTuple):
    """A trained model, what it reported, and the noise of each decoding."""

    model: ali_keras.ALI
    losses: dict
    draws: list


@functools.cache
def train(num_replicas, *settings, **options):
    """`Run` of 20 steps. Leave it as it is."""
    with tiny.strategy(num_replicas).scope():
        model = new_model(*settings, **options)
    draws = []
    model.objective = recording(model.objective, draws)
    data = tiny.batches(tiny.images(8 * STEPS))
    history = tiny.fit(model, data, batch_size=None)
    assert model.step.numpy() == STEPS
    return Run(model, {name: v for name, (v,) in history.items()}, draws)


def recording(objective, draws):
    """An objective that keeps the decoder's noise, an array per replica."""

    class Recording(Objective):
        def terms(self, networks, *args, **kwargs):
            decoder = networks.decoder

            def decode(z, training):
                tf.numpy_function(lambda z: draws.append(z.copy()), [z], [])
                return decoder(z, training=training)

            decode.input_shape = decoder.input_shape
            networks = networks._replace(decoder=decode)
            return super().terms(networks, *args, **kwargs)

    return Recording(**dataclasses.asdict(objective))


def without_gradient(model):
    """Names of what moves by nothing but rounding.

    The relativistic loss sees differences of logits, where the discriminator's
    last bias cancels, and the penalty sees derivatives: its gradient is 0.
    """
    if not model.objective.relativistic:
        return set()
    last = "discriminator_logit_conv"
    bias = model.discriminator.get_layer(last).bias
    return {
        name
        for name, variable in tiny.variables(model).items()
        if variable is bias or f"{last}_bias" in name
    }


def check_that_each_tensor_is_the_same(one, other):
    left_out = without_gradient(one)
    assert len(left_out) == 3 * one.objective.relativistic  # Adam has 2 slots.
    distances = tiny.scattered(tiny.values(one), tiny.values(other))
    assert {
        name: distance
        for name, distance in distances.items()
        if distance > 1e-12 and name not in left_out
    } == {}


def check_that_the_whole_is_the_same(one, other):
    distance = tiny.distance(*map(weights, (one, other)))
    assert distance < 1e-5


def weights(model):
    """All values but the optimizers', in a row."""
    return np.concatenate(
        [
            value.ravel()
            for name, value in tiny.values(model).items()
            if "optimizer" not in name and name != "step"
        ]
    )


def check_parity(num_replicas, dtype, *settings):
    one, losses, _ = train(1, dtype, *settings)
    other, same_losses, _ = train(num_replicas, dtype, *settings)
    start = tiny.model(dtype=dtype, ema_decay=0.2)
    assert tiny.distance(weights(start), weights(one)) > 0.1
    if dtype == "float64":
        check_that_each_tensor_is_the_same(one, other)
    else:
        check_that_the_whole_is_the_same(one, other)
    # Keras' metrics count in float32, whatever the networks' type.
    by_figure = 1e-6 if dtype == "float64" else 1e-4
    assert same_losses == pytest.approx(losses, rel=by_figure)
    tiny.check_that_copies_agree(other, num_replicas)


def test_two_replicas_train_what_one_trains():
    check_parity(2, *SMALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("num_replicas", "optimizer", "dtype"),
    [
        # Each two of the three with one another.
        pytest.param(2, "SGD", "float64", marks=pytest.mark.exhaustive),
        (2, "Adam", "float32"),
        pytest.param(4, "SGD", "float32", marks=pytest.mark.exhaustive),
        pytest.param(4, "Adam", "float64", marks=pytest.mark.exhaustive),
    ],
)
def test_replicas_train_what_one_trains(num_replicas, optimizer, dtype):
    check_parity(num_replicas, dtype, "every pair", (optimizer, optimizer))


def test_evaluation_and_prediction_on_two_replicas_equal_those_on_one():
    images = tiny.images(32)
    figures, predictions = [], []
    for num_replicas in (1, 2):
        with tiny.strategy(num_replicas).scope():
            model = tiny.model(dtype="float64")
        data = tiny.batches(images)
        figures.append(model.evaluate(data, return_dict=True, verbose=0))
        predictions.append(model.predict(data, verbose=0))
    assert figures[1] == pytest.approx(figures[0], rel=1e-6)
    assert predictions[0].shape == images.shape
    np.testing.assert_allclose(*predictions, rtol=1e-12)


@pytest.mark.slow
def test_a_preset_trains_on_two_replicas(monkeypatch):
    # The preset's settings, on small networks.
    monkeypatch.setitem(ARCHITECTURES, "compact", tiny.TINY)
    config = Config.from_preset(
        "mnist", batch_size=4, precision="mixed_bfloat16"
    )
    assert config.gradient_penalty and config.relativistic
    with tiny.strategy(2).scope():
        model = ali_keras.build_model(config)
    before = tiny.values(model)
    losses = tiny.fit(model, tiny.batches(tiny.images(8), 4), batch_size=None)
    after = tiny.values(model)
    assert model.step.numpy() == 2
    assert all(np.isfinite(value).all() for value in after.values())
    assert np.isfinite([value for (value,) in losses.values()]).all()
    moved = tiny.changed(before, after)
    assert {k for k in after if k.endswith("kernel")} <= moved
    tiny.check_that_copies_agree(model, 2)


def test_noise_differs_by_replica_and_step():
    draws = train(2, *SMALL).draws
    assert [draw.shape for draw in draws] == [(4, 3)] * 2 * STEPS
    rows = {row.tobytes() for draw in draws for row in draw}
    assert len(rows) == 8 * STEPS
    same = {row.tobytes() for draw in train(1, *SMALL).draws for row in draw}
    assert rows == same


def test_four_steps_per_execution_train_what_one_trains():
    # On one device: Keras 3.15 cannot on several, see test_traps.py.
    one = train(1, *SMALL).model
    four = train(1, *SMALL, steps_per_execution=4).model
    assert tiny.changed(tiny.values(one), tiny.values(four)) == set()


def trained(num_replicas):
    """A trained model of a strategy. On four replicas, a copy of it."""
    if num_replicas <= 2:
        return train(num_replicas, *SMALL).model
    source = tiny.variables(train(2, *SMALL).model)
    model = untrained(num_replicas)
    for name, variable in tiny.variables(model).items():
        variable.assign(source[name].numpy())
    return model


def untrained(num_replicas):
    with tiny.strategy(num_replicas).scope():
        return new_model(*SMALL)


@pytest.fixture(scope="module", params=(1, 2, 4))
def saved(request, tmp_path_factory):
    """Folder of a model saved under a strategy, and its values."""
    folder = tmp_path_factory.mktemp("saved")
    model = trained(request.param)
    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    return folder, tiny.values(model)


@pytest.mark.parametrize("num_replicas", (1, 2, 4))
def test_what_any_strategy_saved_loads_under_any_other(saved, num_replicas):
    folder, expected = saved
    with tiny.strategy(num_replicas).scope():
        loaded = keras.models.load_model(folder / "model.keras")
    restored = untrained(num_replicas)
    assert tiny.changed(expected, tiny.values(restored)) != set()
    restored.load_weights(folder / "model.weights.h5")
    for model in (loaded, restored):
        assert tiny.changed(expected, tiny.values(model)) == set()
        tiny.check_that_copies_agree(model, num_replicas)


@pytest.mark.exhaustive
@pytest.mark.parametrize("first, second", ((1, 2), (2, 1), (4, 1), (1, 4)))
def test_training_goes_on_under_another_strategy(tmp_path, first, second):
    model = trained(first)
    model.save(tmp_path / "model.keras")
    with tiny.strategy(second).scope():
        moved = keras.models.load_model(tmp_path / "model.keras")
    stayed = keras.models.load_model(tmp_path / "model.keras")
    data = tiny.batches(tiny.images(16, seed=1))
    for model in (stayed, moved):
        tiny.fit(model, data, batch_size=None)
    check_that_each_tensor_is_the_same(stayed, moved)
