"""The model: what a step changes, inference, averages, saving."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Objective
from ali_keras import noise
from tests import tiny

IMAGES = tiny.images()


def sgd(rate=0.5):
    return keras.optimizers.SGD(rate)


def step(model, images=IMAGES):
    """One training step, eagerly."""
    return model.train_step(tf.constant(images))


def of(names, *owners):
    return {name for name in names if name.split("/")[0] in owners}


@pytest.fixture(scope="module")
def trained():
    """A model after a few steps. Leave it as it is."""
    model = tiny.model(ema_decay=0.2)
    for number in range(3):
        step(model, tiny.images(seed=number))
    return model


@pytest.mark.parametrize("penalty", (0.0, 1.0))
def test_a_step_changes_all_that_it_should_and_nothing_else(penalty):
    model = tiny.model(Objective(gradient_penalty=penalty), ema_decay=0.5)
    before = tiny.values(model)
    step(model)
    changed = tiny.changed(before, tiny.values(model))
    rates = {name for name in before if name.endswith("learning_rate")}
    assert len(rates) == 2
    assert changed == before.keys() - rates


def test_the_model_has_no_variables_but_these_and_its_metrics():
    model = tiny.model()
    known = [*tiny.variables(model).values(), *model.metrics_variables]
    assert {id(v) for v in model.variables} <= {id(v) for v in known}


@pytest.mark.parametrize(
    "rates, still", (((0.0, 0.5), "generator"), ((0.5, 0.0), "discriminator"))
)
def test_each_optimizer_moves_its_own_networks(rates, still):
    model = tiny.model(optimizers=[sgd(rate) for rate in rates])
    variables = {
        "generator": model.generator_variables,
        "discriminator": model.discriminator.trainable_variables,
    }
    before = {k: [v.numpy() for v in vs] for k, vs in variables.items()}
    step(model)
    for name, values in before.items():
        for value, variable in zip(values, variables[name], strict=True):
            assert np.array_equal(value, variable) == (name == still)


def gradients(model, objective):
    """Both gradients at the present parameters."""
    networks = (model.encoder, model.decoder, model.discriminator)
    with tf.GradientTape(persistent=True) as tape:
        terms = objective.terms(
            networks, tf.constant(IMAGES), noise.fold(7, 0), 0, training=True
        )
        total = terms["discriminator_loss"]
        total += 0.3 * terms["gradient_penalty"]
    d_variables = model.discriminator.trainable_variables
    g_variables = model.generator_variables
    return (
        tape.gradient(total, d_variables),
        tape.gradient(terms["generator_loss"], g_variables),
    )


def test_both_gradients_are_taken_at_the_same_parameters():
    objective = Objective(gradient_penalty=0.3)
    by_hand = tiny.model(objective)
    model = tiny.model(objective, optimizers=[sgd(), sgd()])
    d_variables = by_hand.discriminator.trainable_variables
    g_variables = by_hand.generator_variables
    old = [v.numpy() for v in g_variables]
    d_gradients, g_gradients = gradients(by_hand, objective)
    for variable, gradient in zip(d_variables, d_gradients, strict=True):
        variable.assign_sub(0.5 * gradient)
    # What it would be if the generators met the new discriminator.
    _, late_gradients = gradients(by_hand, objective)
    step(model)
    moved = model.discriminator.trainable_variables
    for expected, variable in zip(d_variables, moved, strict=True):
        np.testing.assert_allclose(variable, expected, rtol=1e-5, atol=1e-6)
    new = [v.numpy() for v in model.generator_variables]
    for a, b, gradient, late in zip(
        old, new, g_gradients, late_gradients, strict=True
    ):
        np.testing.assert_allclose(b, a - 0.5 * gradient, atol=1e-6, rtol=1e-5)
        assert np.abs(b - (a - 0.5 * late)).max() > 1e-4


def test_the_step_counts_where_an_optimizer_stands_still():
    # Gradients scaled by infinity are never finite: both skip.
    skipping = [
        keras.optimizers.LossScaleOptimizer(sgd(), float("inf"))
        for _ in range(2)
    ]
    model = tiny.model(optimizers=skipping)
    before = [v.numpy() for v in model.trainable_variables]
    step(model)
    step(model)
    assert int(model.step) == 2
    assert int(model.generator_optimizer.inner_optimizer.iterations) == 0
    for value, variable in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(value, variable)


def test_two_steps_have_noise_of_their_own():
    model = tiny.model(optimizers=[sgd(0.0), sgd(0.0)])
    reported = {float(step(model)["generator_loss"])}
    model.reset_metrics()
    reported.add(float(step(model)["generator_loss"]))
    assert len(reported) == 2


@pytest.mark.parametrize("decay", (0.0, 0.17))
def test_averages_by_hand(decay):
    model = tiny.model(ema_decay=decay)
    averages = model.encoder_ema.variables + model.decoder_ema.variables
    originals = model.encoder.variables + model.decoder.variables
    pairs = list(zip(originals, averages, strict=True))
    by_hand = [variable.numpy() for variable, _ in pairs]
    for number in range(3):
        step(model)
        # The warm-up: 1/10, 2/11, 3/12, up to the limit.
        share = min(decay, (1 + number) / (10 + number))
        by_hand = [
            share * average + (1 - share) * variable.numpy()
            for average, (variable, _) in zip(by_hand, pairs, strict=True)
        ]
    for expected, (variable, average) in zip(by_hand, pairs, strict=True):
        np.testing.assert_allclose(average, expected, rtol=1e-5, atol=1e-7)
        assert np.array_equal(average, variable) == (decay == 0)


@pytest.mark.parametrize("decay", (-0.1, 1.0))
def test_an_impossible_decay_is_refused(decay):
    message = rf"ema_decay must be in \[0, 1\). Received: {decay}"
    with pytest.raises(ValueError, match=message):
        ali_keras.ALI(*tiny.networks(), ema_decay=decay)


def test_encode_gives_the_averaged_mean_or_a_draw(trained):
    posterior = trained.encoder_ema(IMAGES, training=False)
    mean = trained.encode(IMAGES)
    np.testing.assert_array_equal(mean, posterior["z_mean"])
    drawn = trained.encode(IMAGES, sample=True, seed=3)
    again = trained.encode(IMAGES, sample=True, seed=3)
    np.testing.assert_array_equal(drawn, again)
    other = trained.encode(IMAGES, sample=True, seed=4)
    assert not np.array_equal(drawn, other)
    epsilon = (drawn - mean) / np.exp(posterior["z_log_sigma"])
    assert 0.3 < np.std(epsilon) < 2


def test_inference_has_the_promised_shapes_and_range(trained):
    assert trained.encode(IMAGES).shape == (8, 3)
    assert trained.features(IMAGES).shape == (8, 6)
    for images in (
        trained.decode(tf.random.stateless_normal((8, 3), (0, 0))),
        trained.reconstruct(IMAGES),
        trained.generate(8),
        trained.predict(IMAGES, verbose=0),
    ):
        assert images.shape == (8, 4, 4, 1)
        assert 0 <= np.min(images) < np.max(images) <= 1


def test_generate_is_a_function_of_its_seed(trained):
    first = trained.generate(5, seed=1)
    np.testing.assert_array_equal(first, trained.generate(5, seed=1))
    assert not np.array_equal(first, trained.generate(5, seed=2))


def test_predict_and_a_call_reconstruct(trained):
    expected = trained.reconstruct(IMAGES)
    np.testing.assert_array_equal(trained(IMAGES), expected)
    predicted = trained.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(predicted, expected, rtol=1e-5)


def test_interpolations_end_in_reconstructions(trained):
    others = tiny.images(seed=1)
    path = trained.interpolate(IMAGES, others, steps=3)
    assert path.shape == (8, 3, 4, 4, 1)
    np.testing.assert_allclose(path[:, 0], trained.reconstruct(IMAGES))
    last = trained.reconstruct(others)
    np.testing.assert_allclose(path[:, -1], last, rtol=1e-5)
    middle = (trained.encode(IMAGES) + trained.encode(others)) / 2
    expected = trained.decode(middle)
    np.testing.assert_allclose(path[:, 1], expected, rtol=1e-5)


def test_inference_refuses_bad_pixels(trained):
    with pytest.raises(ValueError, match="dtype uint8"):
        trained.encode(np.ones((1, 4, 4, 1), "uint8"))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[0, 1\]"):
        trained.reconstruct(2 * np.ones((1, 4, 4, 1), "float32"))


def test_evaluate_names_its_figures_and_changes_nothing():
    model = tiny.model(Objective(gradient_penalty=1.0, instance_noise=1.0))
    before = tiny.values(model)
    figures = model.evaluate(IMAGES, batch_size=4, return_dict=True, verbose=0)
    assert {
        "discriminator_loss",
        "generator_loss",
        "discriminator_accuracy",
        "reconstruction_error",
    } <= figures.keys()
    assert tiny.changed(before, tiny.values(model)) == set()
    error = np.square(IMAGES - model.reconstruct(IMAGES)).mean()
    assert figures["reconstruction_error"] == pytest.approx(error, rel=1e-5)


def test_no_stray_optimizer():
    optimizer = tiny.model().optimizer
    assert not isinstance(optimizer, keras.optimizers.Optimizer)


def test_optimizers_may_be_named():
    model = tiny.model(optimizers=["adam", "sgd"])
    assert isinstance(model.generator_optimizer, keras.optimizers.Adam)
    assert isinstance(model.discriminator_optimizer, keras.optimizers.SGD)
    assert model.objective == Objective()


def test_bfloat16_trains_with_float32_variables():
    model = tiny.model(Objective(gradient_penalty=0.1), "mixed_bfloat16")
    before = tiny.values(model)
    step(model)
    after = tiny.values(model)
    floats = {v.dtype for v in after.values() if v.dtype.kind not in "iu"}
    assert floats == {np.dtype("float32")}
    assert all(np.isfinite(value).all() for value in after.values())
    moved = of(tiny.changed(before, after), "encoder", "discriminator")
    assert moved == of(before, "encoder", "discriminator")
    assert model.encode(IMAGES).dtype == tf.float32
    assert model.generate(2).dtype == tf.float32


def test_summary_lists_the_networks():
    lines = []
    tiny.model().summary(print_fn=lines.append)
    text = "\n".join(lines)
    for name in ("encoder", "decoder", "discriminator"):
        assert name in text
