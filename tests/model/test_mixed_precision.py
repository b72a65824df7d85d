"""float16: an overflow on any replica is survived on all of them."""

import contextlib
import dataclasses
import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Objective
from ali_keras.model.updates import loss_scaling
from tests import tiny

SCALE = 1024.0
# Of each player: what it moves, and what follows from that.
OWNERS = {
    "discriminator": {"discriminator"},
    "generator": {"encoder", "decoder", "encoder_ema", "decoder_ema"},
}
OTHER = {"discriminator": "generator", "generator": "discriminator"}
# White images make the discriminator's loss steep, black ones the generator's.
COLOURS = {"discriminator": 1.0, "generator": 0.0}
STEEPNESS = 1e9
REPLICAS = [(1, 0), (2, 0), (2, 1)]
ON_FOUR = [
    pytest.param(4, replica, marks=pytest.mark.exhaustive)
    for replica in range(4)
]


@dataclasses.dataclass(frozen=True)
class Steep(Objective):
    """Losses so steep that float16 cannot hold what flows back from them.

    The losses themselves, and their gradients by the logits, are finite: it is
    the discriminator's hidden layers that overflow, on this replica alone.
    """

    def terms(self, networks, images, *args, **kwargs):
        terms = super().terms(networks, images, *args, **kwargs)
        for player, colour in COLOURS.items():
            is_steep = tf.reduce_all(tf.equal(images, colour))
            factor = tf.where(is_steep, STEEPNESS, 1.0)
            terms[f"{player}_loss"] *= factor
        return terms


def scaled_adam():
    return keras.optimizers.LossScaleOptimizer(
        tiny.adam(), initial_scale=SCALE, dynamic_growth_steps=3
    )


def new_model(num_replicas=1, objective=None, **options):
    with tiny.strategy(num_replicas).scope():
        return tiny.model(
            objective,
            "mixed_float16",
            ema_decay=0.15,
            optimizers=[scaled_adam(), scaled_adam()],
            jit_compile=False,
            **options,
        )


@functools.cache
def shared_model(num_replicas, objective, architecture):
    """A model of several tests, which do not mind what it has learned."""
    return new_model(num_replicas, objective, architecture=architecture)


def steep_model(num_replicas):
    # Without batch normalization, which would tell all replicas.
    objective = Steep(gradient_penalty=0.1)
    return with_scales(shared_model(num_replicas, objective, tiny.PLAIN))


def overflowing_forward(model):
    """Has white images overflow the encoder, and black ones not."""
    kernel = model.encoder.get_layer("encoder_1_conv").kernel
    kernel.assign(np.full(kernel.shape, 6e4))  # 16 pixels: 1e6 > 65504.
    return with_scales(model)


def with_scales(model):
    for optimizer in optimizers(model).values():
        optimizer.dynamic_scale.assign(SCALE)
        optimizer.step_counter.assign(0)
    return model


def optimizers(model):
    return {
        "discriminator": model.discriminator_optimizer,
        "generator": model.generator_optimizer,
    }


def scales(model):
    return {
        player: float(optimizer.dynamic_scale.numpy())
        for player, optimizer in optimizers(model).items()
    }


def counters(model):
    return {
        player: int(optimizer.step_counter.numpy())
        for player, optimizer in optimizers(model).items()
    }


def batch(colour=None, num_replicas=1, replica=0, others=None):
    """A batch of 8 images whose part for a replica has one colour."""
    images = tiny.images(8)
    if others is not None:
        images[:] = others
    if colour is not None:
        np.split(images, num_replicas)[replica][:] = colour
    return images


def train(model, *batches):
    """One step a batch; the figures of the last."""
    for images in batches:
        history = tiny.fit(model, tiny.batches(images), batch_size=None)
    return {name: value for name, (value,) in history.items()}


def owned_by(player, names):
    optimizer = f"{player}_optimizer"
    owners = OWNERS[player] | {optimizer}
    rates = ("learning_rate", f"{optimizer}/0/iteration")  # Constant.
    return {
        name
        for name in names
        if name.split("/")[0] in owners
        and not name.endswith(("dynamic_scale", "step_counter", *rates))
    }


@pytest.mark.slow
@pytest.mark.parametrize("player", COLOURS)
@pytest.mark.parametrize("num_replicas, replica", REPLICAS + ON_FOUR)
def test_an_overflow_on_any_replica_skips_the_player_on_all(
    num_replicas, replica, player
):
    model = steep_model(num_replicas)
    before = tiny.values(model)
    figures = train(model, batch(COLOURS[player], num_replicas, replica))
    after = tiny.values(model)
    changed = tiny.changed(before, after)
    assert not owned_by(player, before) & changed
    assert owned_by(OTHER[player], before) <= changed
    assert after["step"] == before["step"] + 1
    assert scales(model) == {player: SCALE / 2, OTHER[player]: SCALE}
    assert figures[f"{player}_loss_scale"] == SCALE / 2
    assert counters(model) == {player: 0, OTHER[player]: 1}
    assert all(np.isfinite(value).all() for value in after.values())
    assert np.isfinite(list(figures.values())).all()
    tiny.check_that_copies_agree(model, num_replicas)


@pytest.mark.parametrize("num_replicas", (1, 2))
def test_the_scale_grows_again(num_replicas):
    model = steep_model(num_replicas)
    overflow = batch(1.0, num_replicas, replica=num_replicas - 1)
    train(model, overflow, batch(), batch())
    assert scales(model) == {"discriminator": SCALE / 2, "generator": 2 * SCALE}
    train(model, batch())
    assert scales(model) == {"discriminator": SCALE, "generator": 2 * SCALE}
    tiny.check_that_copies_agree(model, num_replicas)


@pytest.mark.slow
@pytest.mark.parametrize("num_replicas, replica", REPLICAS)
def test_an_overflow_of_activations_leaves_no_trace(num_replicas, replica):
    objective = Objective(gradient_penalty=0.1)
    model = overflowing_forward(
        shared_model(num_replicas, objective, tiny.TINY)
    )
    before = tiny.values(model)
    train(model, batch(1.0, num_replicas, replica, others=0.0))
    after = tiny.values(model)
    changed = tiny.changed(before, after)
    for player in OWNERS:
        assert all("moving" in k for k in owned_by(player, before) & changed)
    assert not {name for name in changed if "_ema" in name}
    assert scales(model) == dict.fromkeys(OWNERS, SCALE / 2)
    # The others saw no z of the encoder: their statistics are good.
    assert {k.split("/")[0] for k in changed if "moving" in k} == {
        "decoder",
        "discriminator",
    }
    figures = train(model, batch(others=0.0))
    assert owned_by("discriminator", before) <= tiny.changed(
        after, tiny.values(model)
    )
    assert np.isfinite(list(figures.values())).all()
    assert all(np.isfinite(v).all() for v in tiny.values(model).values())
    tiny.check_that_copies_agree(model, num_replicas)


@pytest.mark.exhaustive
@pytest.mark.parametrize("num_replicas", (1, 2))
def test_without_the_guard_statistics_are_lost(monkeypatch, num_replicas):
    monkeypatch.setattr(
        loss_scaling, "finite_statistics", lambda *_: contextlib.nullcontext()
    )
    model = overflowing_forward(new_model(num_replicas))
    train(model, batch(1.0, num_replicas, num_replicas - 1, others=0.0))
    values = tiny.values(model).items()
    lost = {k for k, v in values if not np.isfinite(v).all()}
    assert {k.split("/")[0] for k in lost} == {"encoder"}


@pytest.mark.parametrize("dtype", ("float32", "mixed_float16"))
def test_networks_may_have_keras_dropout(dtype):
    # Its state is a variable, but neither a weight nor a float.
    encoder, decoder, discriminator = tiny.networks(dtype)
    z = keras.Input((3,))
    images = keras.layers.Dropout(0.5)(z)
    for layer in decoder.layers[1:]:
        images = layer(images)
    model = ali_keras.ALI(encoder, keras.Model(z, images), discriminator)
    model.compile(tiny.adam(), tiny.adam())
    figures = model.train_step(tf.constant(batch()))
    assert np.isfinite(list(figures.values())).all()


def test_optimizers_are_wrapped_once_and_for_float16_only(tmp_path):
    model = tiny.model(dtype="mixed_float16")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for ali in (model, loaded):
        for optimizer in optimizers(ali).values():
            assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
            assert type(optimizer.inner_optimizer) is keras.optimizers.Adam
    for dtype in ("float32", "mixed_bfloat16"):
        for optimizer in optimizers(tiny.model(dtype=dtype)).values():
            assert type(optimizer) is keras.optimizers.Adam


def test_all_that_must_be_exact_is_float32():
    model = new_model()
    hidden = model.discriminator.get_layer("discriminator_xz_1_conv")
    assert hidden.compute_dtype == "float16"
    images = tf.constant(batch())
    terms = Objective(gradient_penalty=1.0).terms(
        model.networks, images, (1, 2), 0, training=True
    )
    assert "gradient_penalty" in terms
    z = tf.zeros((8, 3))
    exact = [
        *terms.values(),
        *model.train_step(images).values(),
        *model.encoder(images).values(),
        model.decoder(z),
        model.discriminator([images, z]),
        model.encode(images),
        model.decode(z),
        *model.encoder_ema.variables,
        *model.decoder_ema.variables,
        *model.metrics_variables,
        *model.trainable_variables,
    ]
    assert {tf.as_dtype(tensor.dtype) for tensor in exact} == {tf.float32}
    for network in (model.encoder_ema, model.decoder_ema):
        assert {layer.compute_dtype for layer in network.layers} == {"float32"}


def load(path):
    return keras.models.load_model(path / "model.keras")


def load_weights(path):
    model = new_model(objective=Steep(), architecture=tiny.PLAIN, seed=5)
    model.load_weights(path / "model.weights.h5")
    return model


@pytest.mark.slow
def test_a_restored_model_trains_on_bit_for_bit(tmp_path):
    model = new_model(objective=Steep(), architecture=tiny.PLAIN)
    # The next steps depend on the counters: 1 and 2 of 3.
    train(model, batch(1.0), batch())
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    at_saving = tiny.values(model)
    assert scales(model) == {"discriminator": SCALE / 2, "generator": SCALE}
    restored = [load(tmp_path), load_weights(tmp_path)]
    train(model, batch(), batch())
    assert scales(model) == {"discriminator": SCALE, "generator": 2 * SCALE}
    for ali in restored:
        assert tiny.changed(at_saving, tiny.values(ali)) == set()
        train(ali, batch(), batch())
        assert tiny.changed(tiny.values(model), tiny.values(ali)) == set()
