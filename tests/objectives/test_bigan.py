"""BiGAN and its two baselines, the latent regressors (Donahue et al., 2017)."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Objective
from ali_keras import noise
from ali_keras.architectures import BIGAN_MNIST
from ali_keras.architectures import stabilised
from ali_keras.latents import prior
from ali_keras.networks.builder import build_networks
from ali_keras.objectives.objective import Networks
from tests import tiny

KEY = noise.fold(7, 0)
PRESETS = ("bigan_mnist", "bigan_mnist_jlr", "bigan_mnist_lr")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def shrunk(rows):
    """Rows for 4x4 images, with 6 units where BiGAN has 1024."""
    sizes = {1024: 6}
    return tuple(
        row._replace(
            kernel=min(row.kernel, 4),
            feature_maps=sizes.get(row.feature_maps, row.feature_maps),
        )
        for row in rows
    )


TABLES = ("encoder", "decoder", "discriminator_x", "discriminator_xz")
TINY = stabilised(
    dataclasses.replace(
        BIGAN_MNIST,
        image_size=4,
        **{name: shrunk(getattr(BIGAN_MNIST, name)) for name in TABLES},
    )
)


def preset_objective(preset, **changes):
    config = ali_keras.Config.from_preset(preset)
    fields = dataclasses.fields(Objective)
    values = {f.name: getattr(config, f.name) for f in fields}
    return Objective(**{**values, **changes})


def new_model(objective=None, dtype="float32"):
    networks = tiny.networks(dtype, architecture=TINY)
    model = ali_keras.ALI(*networks, prior="uniform", seed=7, dtype=dtype)
    adams = tiny.adam(), tiny.adam()
    if dtype == "mixed_float16":
        scaled = keras.optimizers.LossScaleOptimizer
        adams = [scaled(adam, initial_scale=1024.0) for adam in adams]
    model.compile(*adams, objective)
    return model


def train(model, *seeds):
    for seed in seeds:
        model.train_step(tf.constant(tiny.images(seed=seed)))


def moved_by(model, *seeds):
    """Names of the networks whose trainable weights some steps change."""

    def weights():
        return {
            name: [v.numpy() for v in getattr(model, name).trainable_variables]
            for name in ("encoder", "decoder", "discriminator")
        }

    before = weights()
    train(model, *seeds)
    return {
        name
        for name, values in weights().items()
        if not all(map(np.array_equal, values, before[name]))
    }


def gradients(objective, step=0, networks=None):
    """Of both totals, by network: lists of arrays, zeros for none."""
    networks = Networks(*(networks or tiny.networks(architecture=TINY)))
    variables = [network.trainable_variables for network in networks[:3]]
    images = tf.constant(tiny.images())
    with tf.GradientTape(persistent=True) as tape:
        terms = objective.terms(networks, images, KEY, step, True, "uniform")
        totals = objective.totals(terms, step)
    return {
        player: {
            name: [
                np.zeros(v.shape) if g is None else g.numpy()
                for v, g in zip(owned, tape.gradient(total, owned), strict=True)
            ]
            for name, owned in zip(Networks._fields, variables, strict=False)
        }
        for player, total in zip(
            ("discriminator", "generator"), totals, strict=True
        )
    }


def largest(arrays):
    return max(np.abs(array).max() for array in arrays)


class Recorded:
    """A network that keeps the inputs of its calls."""

    def __init__(self, network):
        self.network = network
        self.shown = []
        self.inputs = network.inputs
        self.input_shape = network.input_shape

    def __call__(self, inputs, training):
        self.shown.append(inputs)
        return self.network(inputs, training=training)


def recorded_run(objective, step=0):
    """Networks that ran once, and kept what they were shown."""
    networks = [Recorded(n) for n in tiny.networks(architecture=TINY)]
    images = tf.constant(tiny.images())
    objective.terms(networks, images, KEY, step, True, "uniform")
    return Networks(*networks)


def test_parameters_are_those_of_the_authors():
    networks = build_networks(BIGAN_MNIST, latent_dim=50, channels=1)
    # Their map of z is added to a layer, ours a part of its kernel; no biases.
    by_hand = (
        784 * 1024 + 1024 * 1024 + 1024 * 50,
        50 * 1024 + (1024 + 50) * 1024 + 1024 * 784,
        784 * 1024 + (1024 + 50) * 1024 + 1024,
    )
    for network, number in zip(networks, by_hand, strict=True):
        weights = network.trainable_variables
        assert sum(int(np.prod(v.shape)) for v in weights) == number


def test_the_encoder_is_deterministic():
    model = new_model()
    outputs = model.encoder(tiny.images())
    assert outputs.keys() == {"z_mean", "features"}
    assert outputs["features"].shape == (8, 6)
    means = model.encode(tiny.images())
    draws = model.encode(tiny.images(), sample=True, seed=3)
    np.testing.assert_array_equal(draws, means)


def test_the_prior_is_uniform_from_minus_one_to_one():
    z = prior.sample("uniform", KEY, (20_000, 2)).numpy()
    assert -1 <= z.min() < -0.999 and 0.999 < z.max() <= 1
    # Four deviations of a mean, and of a mean of squares, of 20,000 draws.
    np.testing.assert_allclose(z.mean(0), 0, atol=0.0164)
    np.testing.assert_allclose((z**2).mean(0), 1 / 3, atol=0.0085)
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.03


def test_samples_are_decoded_from_the_uniform_prior():
    model = new_model()
    z = model.sample_prior(500, seed=1)
    assert np.abs(z).max() <= 1
    np.testing.assert_array_equal(model.generate(500, seed=1), model.decode(z))
    trained = recorded_run(Objective()).decoder.shown[0]
    assert np.abs(trained).max() <= 1 and np.var(trained) < 0.6


@pytest.mark.parametrize("preset", PRESETS[1:])
def test_a_regressor_s_discriminator_sees_no_z(preset):
    networks = recorded_run(preset_objective(preset))
    for _, z in networks.discriminator.shown:
        np.testing.assert_array_equal(z, np.zeros(z.shape))
    # The loss's call; the gradient penalty, by z too, is another.
    assert networks.discriminator.shown[0][1].shape == (16, tiny.LATENT_DIM)


def test_bigan_s_discriminator_sees_both_z():
    objective = preset_objective("bigan_mnist", encoder_shift=0)
    networks = recorded_run(objective)
    z = networks.discriminator.shown[0][1]
    z_hat = networks.encoder.network(tiny.images(), training=True)["z_mean"]
    np.testing.assert_allclose(z[:8], z_hat, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(z[8:], networks.decoder.shown[0])


@pytest.mark.parametrize("regression", (0.0, 1.0))
def test_without_z_the_encoder_learns_by_regression_only(regression):
    objective = Objective(joint=False, latent_regression=regression)
    moved = moved_by(new_model(objective), 0, 1)
    expected = {"decoder", "discriminator"}
    assert moved == (expected | {"encoder"} if regression else expected)


@pytest.mark.parametrize("preset", PRESETS[1:])
def test_a_regressor_s_encoder_is_never_shown_real_images(preset):
    networks = recorded_run(preset_objective(preset))
    [seen] = networks.encoder.shown
    made = networks.decoder.network(networks.decoder.shown[0], training=True)
    np.testing.assert_allclose(seen, made, atol=1e-6)


def test_the_regression_reaches_the_decoder_with_the_share_asked_for():
    found = {
        share: gradients(
            # A weight so large that the other losses are rounding errors.
            Objective(
                joint=False,
                latent_regression=1e8,
                latent_regression_decoder=share,
            )
        )["generator"]
        for share in (0.0, 0.25, 1.0)
    }
    whole = np.concatenate([g.ravel() for g in found[1.0]["decoder"]])
    part = np.concatenate([g.ravel() for g in found[0.25]["decoder"]])
    ratio = np.vdot(part, whole) / np.vdot(whole, whole)
    assert ratio == pytest.approx(0.25, rel=1e-5)
    np.testing.assert_allclose(part, whole / 4, atol=1e-5 * largest([whole]))
    assert largest(found[0.0]["decoder"]) < 1e-6 * largest([whole])
    for share in (0.0, 0.25):
        for one, other in zip(
            found[share]["encoder"], found[1.0]["encoder"], strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=10)


@pytest.mark.parametrize("step", (4, 5))
def test_a_late_regression_takes_the_place_of_the_gan(step):
    objective = preset_objective("bigan_mnist_lr", latent_regression_start=5)
    found = gradients(objective, step)
    sizes = {
        "encoder": largest(found["generator"]["encoder"]),
        "decoder": largest(found["generator"]["decoder"]),
        "discriminator": largest(found["discriminator"]["discriminator"]),
    }
    moving = {name for name, size in sizes.items() if size > 0}
    assert moving == ({"decoder", "discriminator"} if step < 5 else {"encoder"})


def test_the_encoder_waits_for_a_late_regression():
    objective = preset_objective("bigan_mnist_lr", latent_regression_start=2)
    model = new_model(objective)
    assert moved_by(model, 0, 1) == {"decoder", "discriminator"}
    assert "encoder" in moved_by(model, 2)


def test_the_gan_comes_to_rest_when_the_late_regression_starts():
    objective = preset_objective("bigan_mnist_lr", latent_regression_start=1)
    model = new_model(objective)
    train(model, *range(30))  # Adam's momentum of step 0 runs out.
    assert moved_by(model, 30) == {"encoder"}


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_step_of_each_objective_in_each_precision(preset, dtype):
    model = new_model(preset_objective(preset), dtype)
    expected = {"encoder", "decoder", "discriminator"}
    if preset == "bigan_mnist_lr":
        expected.remove("encoder")  # Its turn comes later.
    assert moved_by(model, 0) == expected
    for name, value in tiny.values(model).items():
        assert np.isfinite(value).all(), name


@pytest.mark.parametrize("preset", PRESETS)
def test_a_loaded_model_goes_on_bit_for_bit(tmp_path, preset):
    objective = preset_objective(preset, latent_regression_start=1)
    model = new_model(objective)
    train(model, 0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert (loaded.prior, loaded.objective) == ("uniform", objective)
    assert tiny.changed(tiny.values(model), tiny.values(loaded)) == set()
    np.testing.assert_array_equal(loaded.generate(4), model.generate(4))
    train(model, 1)
    train(loaded, 1)
    assert tiny.changed(tiny.values(model), tiny.values(loaded)) == set()
