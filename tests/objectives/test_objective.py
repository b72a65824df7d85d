"""The objective and its stabilisers, against values computed by hand."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import noise
from ali_keras.latents import posterior
from ali_keras.objectives import augmentation
from ali_keras.objectives.objective import Objective
from tests import tiny

KEY = noise.fold(7, 0)
W_X = np.linspace(-1, 1, 16, dtype="float32")
W_Z = np.array([0.5, -1.0, 2.0], "float32")


class FixedDecoder:
    """A decoder without weights."""

    input_shape = (None, 3)

    def __call__(self, z, training):
        return tf.sigmoid(tf.tile(z[:, :1, None, None], (1, 4, 4, 1)))


class Recorder:
    """Networks without weights that keep what they are shown."""

    def __init__(self, judge=lambda x, z: linear(x, z)):
        self.judge = judge
        self.encoded = self.pairs = None
        self.networks = (self.encode, FixedDecoder(), self.discriminate)

    def encode(self, images, training):
        self.encoded = images.numpy()
        mean = tf.reshape(images, (-1, 16))[:, :3]
        return {"z_mean": mean, "z_log_sigma": -mean}

    def discriminate(self, pairs, training):
        # The first call is the one for the losses.
        self.pairs = self.pairs or [p.numpy() for p in pairs]
        return self.judge(*pairs)[:, None]


def linear(x, z):
    x = tf.reshape(x, (-1, 16))
    return tf.linalg.matvec(x, W_X) + tf.linalg.matvec(z, W_Z)


def run(objective, recorder, step=0, training=True, number=8):
    images = tf.constant(tiny.images(number))
    return objective.terms(
        recorder.networks, images, KEY, tf.constant(step, tf.int64), training
    )


def images_judged(step=0, training=True, **options):
    """The images of both kinds of pairs that the discriminator sees."""
    recorder = Recorder()
    run(Objective(**options), recorder, step, training)
    return recorder.pairs[0], recorder


@pytest.mark.parametrize("training", (True, False))
def test_the_defaults_are_the_paper_s_objective(training):
    encoder, decoder, discriminator = tiny.networks()
    images = tf.constant(tiny.images())
    terms = Objective().terms(
        (encoder, decoder, discriminator), images, KEY, 0, training
    )
    posterior = encoder(images, training=training)
    epsilon = noise.normal(noise.fold(KEY, noise.POSTERIOR), (8, 3))
    z_hat = posterior["z_mean"] + tf.exp(posterior["z_log_sigma"]) * epsilon
    z = noise.normal(noise.fold(KEY, noise.PRIOR), (8, 3))
    x = tf.concat([images, decoder(z, training=training)], 0)
    with noise.scope(noise.fold(KEY, noise.DROPOUT), groups=2):
        pairs = [x, tf.concat([z_hat, z], 0)]
        logits = discriminator(pairs, training=training).numpy()[:, 0]
    real, fake = logits[:8].astype("f8"), logits[8:].astype("f8")
    probability = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    by_hand = {
        "discriminator_loss": -np.mean(
            np.log(probability[0]) + np.log(1 - probability[1])
        ),
        "generator_loss": -np.mean(
            np.log(1 - probability[0]) + np.log(probability[1])
        ),
        "discriminator_accuracy": np.mean([*(real > 0), *(fake < 0)]),
    }
    assert {k: float(v) for k, v in terms.items()} == pytest.approx(
        by_hand, rel=1e-6
    )
    discriminator_total, generator_total = Objective().totals(terms, 0)
    assert float(discriminator_total) == float(terms["discriminator_loss"])
    assert float(generator_total) == float(terms["generator_loss"])


def test_a_relativistic_objective_compares_logits():
    recorder = Recorder()
    terms = run(Objective(relativistic=True), recorder)
    logits = linear(*recorder.pairs).numpy()
    margin = logits[:8] - logits[8:]
    assert {k: float(v) for k, v in terms.items()} == pytest.approx(
        {
            "discriminator_loss": np.log1p(np.exp(-margin)).mean(),
            "generator_loss": np.log1p(np.exp(margin)).mean(),
            "discriminator_accuracy": (margin > 0).mean(),
        }
    )


@pytest.mark.parametrize("interval", (1, 2, 3, 100))
def test_the_penalty_of_a_linear_discriminator_is_known(interval):
    objective = Objective(
        gradient_penalty=0.3, gradient_penalty_interval=interval
    )
    terms = run(objective, Recorder())
    squares = (W_X**2).sum() + (W_Z**2).sum()
    # Half of gamma for each kind of pair.
    by_hand = 2 * 0.3 / 2 * squares
    assert float(0.3 * terms["gradient_penalty"]) == pytest.approx(by_hand)
    assert float(objective.totals(terms, 0)[0]) == pytest.approx(
        float(terms["discriminator_loss"]) + by_hand
    )


@pytest.mark.parametrize("interval", (1, 2, 3))
def test_every_kth_pair_of_each_kind_is_penalised(interval):
    def quadratic(x, z):  # Its gradient is (x, z).
        return tf.reduce_sum(x**2, [1, 2, 3]) / 2 + tf.reduce_sum(z**2, 1) / 2

    recorder = Recorder(quadratic)
    objective = Objective(
        gradient_penalty=1.0, gradient_penalty_interval=interval
    )
    penalty = run(objective, recorder)["gradient_penalty"]
    x, z = recorder.pairs
    squares = (x**2).sum((1, 2, 3)) + (z**2).sum(1)
    by_hand = [squares[:8][::interval].mean(), squares[8:][::interval].mean()]
    assert float(penalty) == pytest.approx(sum(by_hand) / 2)


def test_the_penalty_trains_the_discriminator_alone():
    networks = tiny.networks()
    with tf.GradientTape() as tape:
        terms = Objective(gradient_penalty=1.0).terms(
            networks, tf.constant(tiny.images()), KEY, 0, training=True
        )
    variables = [network.trainable_variables for network in networks]
    encoder, decoder, discriminator = tape.gradient(
        terms["gradient_penalty"], variables
    )
    assert set(encoder) == set(decoder) == {None}
    assert np.abs(discriminator[0]).max() > 0


def test_the_penalty_leaves_the_other_terms_as_they_are():
    plain = run(Objective(), Recorder())
    penalised = run(Objective(gradient_penalty=1.0), Recorder())
    assert penalised.pop("gradient_penalty") > 0
    assert penalised == plain


@pytest.mark.parametrize("step, share", ((0, 1.0), (5, 0.5), (10, 0), (99, 0)))
def test_instance_noise_falls_linearly_to_zero(step, share):
    clean, _ = images_judged()
    noisy, _ = images_judged(step, instance_noise=0.5, instance_noise_steps=10)
    full, _ = images_judged(instance_noise=0.5)
    np.testing.assert_allclose(noisy - clean, share * (full - clean), atol=1e-6)


def test_instance_noise_without_steps_is_constant():
    clean, _ = images_judged()
    first, _ = images_judged(instance_noise=0.5)
    last, _ = images_judged(10**6, instance_noise=0.5)
    np.testing.assert_array_equal(first, last)
    assert (first - clean).std() == pytest.approx(0.5, rel=0.2)


def test_instance_noise_differs_between_the_two_kinds_of_pairs():
    clean, _ = images_judged()
    noisy, _ = images_judged(instance_noise=0.5)
    drawn = (noisy - clean).reshape(2, -1)
    assert abs(np.corrcoef(drawn)[0, 1]) < 0.5


def test_only_the_discriminator_sees_instance_noise_and_only_on_images():
    _, clean = images_judged()
    _, noisy = images_judged(instance_noise=0.5)
    np.testing.assert_array_equal(noisy.encoded, tiny.images())
    np.testing.assert_array_equal(noisy.pairs[1], clean.pairs[1])


def test_the_discriminator_sees_what_the_encoder_sees_shifted():
    judged, recorder = images_judged(encoder_shift=1)
    np.testing.assert_array_equal(judged[:8], tiny.images())
    assert not np.array_equal(recorder.encoded, tiny.images())
    assert all(offsets(recorder.encoded, tiny.images(), 1))


def test_no_stabiliser_acts_outside_training():
    clean = run(Objective(), Recorder(), training=False)
    objective = Objective(
        gradient_penalty=1.0, instance_noise=1.0, encoder_shift=1
    )
    assert run(objective, Recorder(), training=False) == clean


def offsets(shifted, images, bound):
    """For each image the (down, across) by which it may have been shifted."""
    margin = (bound, bound)
    padded = np.pad(images, ((0, 0), margin, margin, (0, 0)), "symmetric")
    height, width = images.shape[1:3]
    places = np.ndindex(2 * bound + 1, 2 * bound + 1)
    found = [set() for _ in images]
    for down, across in places:
        window = padded[:, down : down + height, across : across + width]
        for place, same in zip(
            found, (window == shifted).all((1, 2, 3)), strict=True
        ):
            if same:
                place.add((down - bound, across - bound))
    return found


@pytest.mark.parametrize("bound", (1, 2))
def test_a_shift_moves_by_whole_pixels_within_its_bound(bound):
    images = np.random.default_rng(0).random((400, 6, 5, 2), "float32")
    shifted = augmentation.shift(tf.constant(images), bound, KEY).numpy()
    found = offsets(shifted, images, bound)
    assert all(len(places) == 1 for places in found)
    counts = np.zeros((2 * bound + 1, 2 * bound + 1))
    for ((down, across),) in found:
        counts[down + bound, across + bound] += 1
    # Every place is as likely as another.
    assert counts.min() > 0.4 * 400 / counts.size
    assert counts.max() < 2.0 * 400 / counts.size


def test_a_shift_is_a_function_of_the_key():
    images = tf.constant(tiny.images())
    first = augmentation.shift(images, 2, KEY)
    np.testing.assert_array_equal(first, augmentation.shift(images, 2, KEY))
    other = augmentation.shift(images, 2, noise.fold(7, 1))
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "name, value, lowest",
    (
        ("gradient_penalty", -0.1, 0),
        ("gradient_penalty_interval", 0, 1),
        ("instance_noise", -1.0, 0),
        ("instance_noise_steps", -1, 0),
        ("encoder_shift", -2, 0),
    ),
)
def test_values_out_of_range_are_refused(name, value, lowest):
    message = f"{name} must be at least {lowest}. Received: {value}"
    with pytest.raises(ValueError, match=message):
        Objective(**{name: value})


def test_a_posterior_sample_is_mean_plus_sigma_times_epsilon():
    mean = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    log_sigma = np.array([[0.0, -2.0], [1.0, np.log(0.5)]], "float32")
    z = posterior.sample(
        {"z_mean": tf.constant(mean), "z_log_sigma": tf.constant(log_sigma)},
        KEY,
    )
    epsilon = tf.random.stateless_normal((2, 2), KEY, alg="philox").numpy()
    by_hand = mean + np.exp(log_sigma) * epsilon
    np.testing.assert_allclose(z, by_hand, rtol=1e-6)
