"""Losses of users' own layers: by hand, and on replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from tests import tiny

IMAGES = tiny.images()
LAYERS = keras.layers
L2 = 0.3  # Of the encoder's kernel.
L1 = 0.2  # Of the discriminator's.
NAMES = {"generator_regularization", "discriminator_regularization"}


class AddsLoss(LAYERS.Layer):
    def call(self, x):
        self.add_loss(keras.ops.sum(x**2) / (2 * len(IMAGES)))
        return x


def networks(l2=0.0, l1=0.0, after=None):
    """Small networks, with a layer after the decoder's if asked."""
    image, z = keras.Input((4, 4, 1)), keras.Input((3,))
    regularizer = keras.regularizers.L2(l2) if l2 else None
    dense = LAYERS.Dense(3, kernel_regularizer=regularizer)
    encoder = keras.Model(image, {"z_mean": dense(LAYERS.Flatten()(image))})
    h = LAYERS.Dense(16, "sigmoid")(z)
    h = after(h) if after else h
    decoder = keras.Model(z, LAYERS.Reshape((4, 4, 1))(h))
    regularizer = keras.regularizers.L1(l1) if l1 else None
    h = LAYERS.Concatenate()([LAYERS.Flatten()(image), z])
    logit = LAYERS.Dense(1, kernel_regularizer=regularizer)(h)
    return encoder, decoder, keras.Model([image, z], logit)


def model(replicas=1, objective=None, rate=1.0, **options):
    keras.utils.set_random_seed(3)
    with tiny.strategy(replicas).scope():
        ali = ali_keras.ALI(*networks(**options), seed=7)
        optimizers = [keras.optimizers.SGD(rate) for _ in range(2)]
        ali.compile(*optimizers, objective)
    return ali


def step(ali):
    return ali.train_step(tf.constant(IMAGES))


def kernel(network):
    return next(v for v in network.trainable_variables if "kernel" in v.path)


def test_losses_of_weights_by_hand():
    plain, regularized = model(), model(l2=L2, l1=L1)
    old = [kernel(regularized.encoder), kernel(regularized.discriminator)]
    old = [variable.numpy() for variable in old]
    terms = step(regularized)
    expected = L2 * np.sum(old[0] ** 2), L1 * np.sum(np.abs(old[1]))
    assert float(terms["generator_regularization"]) == pytest.approx(
        expected[0]
    )
    assert float(terms["discriminator_regularization"]) == pytest.approx(
        expected[1]
    )
    without = step(plain)
    assert not NAMES & without.keys()
    # The other terms are as they were; each player's step is longer by the
    # gradient of its own layers' losses alone.
    for name, value in without.items():
        assert float(terms[name]) == float(value)
    pairs = (
        (kernel(plain.encoder), kernel(regularized.encoder), 2 * L2 * old[0]),
        (
            kernel(plain.discriminator),
            kernel(regularized.discriminator),
            L1 * np.sign(old[1]),
        ),
    )
    for one, other, gradient in pairs:
        np.testing.assert_allclose(other, one - gradient, atol=1e-6, rtol=1e-5)
    np.testing.assert_array_equal(
        kernel(plain.decoder), kernel(regularized.decoder)
    )


def calls_of(ali):
    """Half the squares of what the decoder gave an image, call by call."""
    seen, call = [], ali.decoder.call

    def watch(*args, **kwargs):
        outputs = call(*args, **kwargs)
        seen.append(float(np.sum(np.square(outputs)) / (2 * len(IMAGES))))
        return outputs

    ali.decoder.call = watch
    return seen


@pytest.mark.parametrize(
    "after",
    (
        AddsLoss(),
        LAYERS.ActivityRegularization(l2=0.5),
    ),
    ids=("add_loss", "activity"),
)
@pytest.mark.parametrize("num_calls", (1, 2))
def test_losses_of_calls_are_summed_over_the_calls(after, num_calls):
    cycle = "l2" if num_calls == 2 else "none"
    objective = ali_keras.Objective(cycle=cycle, gradient_penalty=0.1)
    ali = model(after=after, objective=objective, rate=0.0)
    seen = calls_of(ali)
    terms = step(ali)
    assert len(seen) == num_calls
    assert float(terms["generator_regularization"]) == pytest.approx(
        sum(seen), rel=1e-5
    )
    assert "discriminator_regularization" not in terms
    assert not NAMES & {*ali.metrics_names}
    # The next step does not find those of the last.
    seen.clear()
    ali.reset_metrics()
    terms = step(ali)
    assert float(terms["generator_regularization"]) == pytest.approx(
        sum(seen), rel=1e-5
    )


def test_a_frozen_layer_has_no_loss():
    ali = model(l2=L2)
    ali.encoder.trainable = False
    assert not NAMES & step(ali).keys()


def test_two_replicas_regularize_as_one():
    one, two = (model(n, l2=L2, l1=L1, rate=0.1) for n in (1, 2))
    expected = step(one)
    history = two.fit(tiny.batches(IMAGES), shuffle=False, verbose=0).history
    assert NAMES <= history.keys() == expected.keys()
    for name, [value] in history.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-5)
    for a, b in zip(
        one.trainable_variables, two.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)


def test_losses_of_calls_are_refused_on_replicas():
    with pytest.raises(ValueError, match="On several replicas.*decoder's"):
        model(2, after=LAYERS.ActivityRegularization(l2=0.5))
    ali = model(2, after=AddsLoss())
    with pytest.raises(ValueError, match="On several replicas"):
        ali.fit(tiny.batches(IMAGES), shuffle=False, verbose=0)


def test_scaled_losses_report_and_weigh_as_unscaled_ones():
    plain = model(l2=L2, l1=L1, rate=0.1)
    scaled = model(l2=L2, l1=L1, rate=0.1)
    scaled.compile(
        *(
            keras.optimizers.LossScaleOptimizer(
                keras.optimizers.SGD(0.1), initial_scale=1024.0
            )
            for _ in range(2)
        )
    )
    terms = [step(ali) for ali in (plain, scaled)]
    for name in NAMES:
        assert float(terms[0][name]) == float(terms[1][name])
    np.testing.assert_allclose(
        kernel(plain.encoder), kernel(scaled.encoder), rtol=1e-5
    )


def test_the_library_s_networks_have_no_such_terms():
    ali = tiny.model()
    assert not NAMES & {metric.name for metric in ali.metrics}
    assert not NAMES & step(ali).keys()
