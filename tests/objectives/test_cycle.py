"""The cycle x -> z -> x in its three forms, against values by hand."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import Objective
from ali_keras import noise
from ali_keras.objectives import losses
from ali_keras.objectives.objective import Networks
from tests import tiny

KEY = noise.fold(7, 0)
W = np.linspace(-1, 1, 16, dtype="float32")
W_OTHER = np.linspace(-2, 3, 16, dtype="float32")


def networks(objective):
    if objective.cycle == "adversarial":
        return Networks(*tiny.networks(), tiny.cycle_discriminator())
    return Networks(*tiny.networks())


def terms_of(players, objective, training=True):
    images = tf.constant(tiny.images())
    return objective.terms(players, images, KEY, 0, training)


def gradients(players, objective, term):
    """Gradients of a term, a list for each network."""
    with tf.GradientTape() as tape:
        loss = terms_of(players, objective)[term]
    found = tape.gradient(loss, [p.trainable_variables for p in players if p])
    return dict(zip(Networks._fields, found, strict=False))


def softplus(value):
    return np.log1p(np.exp(value))


class Judge:
    """A linear cycle discriminator that keeps the first pairs it is shown."""

    def __init__(self):
        self.pairs = None

    def __call__(self, pairs, training):
        self.pairs = self.pairs or [part.numpy() for part in pairs]
        x, other = (tf.reshape(part, (-1, 16)) for part in pairs)
        logits = tf.linalg.matvec(x, W) + tf.linalg.matvec(other, W_OTHER)
        return logits[:, None]


class NoJudge:
    """A discriminator of (x, z) that says 0 whatever it is shown."""

    def __call__(self, pairs, training):
        x, z = pairs
        return 0 * tf.reduce_sum(x, [1, 2, 3])[:, None] + 0 * z[:, :1]


def judged(**options):
    """Terms and pairs of an adversarial cycle judged by `Judge`."""
    encoder, decoder, _ = tiny.networks()
    players = Networks(encoder, decoder, NoJudge(), Judge())
    objective = Objective(cycle="adversarial", **options)
    terms = terms_of(players, objective)
    return terms, players


@pytest.mark.parametrize("form, by_hand", (("l1", 5 / 4), ("l2", 13 / 4)))
@pytest.mark.parametrize("dtype", ("bfloat16", "float16", "float32", "float64"))
def test_the_distance_by_hand(form, by_hand, dtype):
    # The differences are 0, 2, 3 and 0.
    values = tf.constant([[1.0, 2.0], [3.0, 4.0]], dtype)
    others = tf.constant([[1.0, 0.0], [0.0, 4.0]], dtype)
    loss = losses.cycle_loss(values, others, form)
    assert float(loss) == by_hand
    assert loss.dtype == (dtype if dtype == "float64" else "float32")


@pytest.mark.parametrize("training", (True, False))
@pytest.mark.parametrize("form, distance", (("l1", np.abs), ("l2", np.square)))
def test_the_cycle_decodes_what_the_encoder_drew(form, distance, training):
    players = networks(Objective(cycle=form))
    images = tiny.images()
    terms = terms_of(players, Objective(cycle=form), training)
    posterior = players.encoder(images, training=training)
    key = noise.fold(KEY, noise.POSTERIOR)
    z = posterior["z_mean"] + tf.exp(posterior["z_log_sigma"]) * noise.normal(
        key, (8, 3)
    )
    x_hat = players.decoder(z, training=training).numpy()
    assert float(terms["cycle_loss"]) == pytest.approx(
        distance(images - x_hat).mean(), rel=1e-5
    )


@pytest.mark.parametrize("form", ("l1", "l2"))
def test_a_distance_trains_encoder_and_decoder_alone(form):
    objective = Objective(cycle=form)
    found = gradients(networks(objective), objective, "cycle_loss")
    for name in ("encoder", "decoder"):
        assert all(np.abs(g).max() > 0 for g in found[name])
    assert set(found["discriminator"]) == {None}


def test_an_adversarial_cycle_leaves_the_discriminator_of_x_and_z_alone():
    objective = Objective(cycle="adversarial")
    players = networks(objective)
    found = gradients(players, objective, "cycle_loss")
    for name in ("encoder", "decoder", "cycle_discriminator"):
        assert all(np.abs(g).max() > 0 for g in found[name])
    assert set(found["discriminator"]) == {None}
    found = gradients(players, objective, "discriminator_loss")
    assert set(found["cycle_discriminator"]) == {None}


def test_the_true_pair_is_an_image_with_itself():
    _, players = judged(instance_noise=0.5, encoder_shift=1)
    x, other = players.cycle_discriminator.pairs
    images = tiny.images()
    np.testing.assert_array_equal(x, np.concatenate([images, images]))
    np.testing.assert_array_equal(other[:8], images)
    assert np.abs(other[8:] - images).min(axis=(1, 2, 3)).max() < 1
    assert np.abs(other[8:] - images).mean(axis=(1, 2, 3)).min() > 0.05


@pytest.mark.parametrize("relativistic", (False, True))
def test_the_adversarial_losses_by_hand(relativistic):
    terms, players = judged(relativistic=relativistic)
    x, other = (p.reshape(16, 16) for p in players.cycle_discriminator.pairs)
    logits = x @ W + other @ W_OTHER
    same, cycled = logits[:8], logits[8:]
    if relativistic:
        by_hand = softplus(cycled - same).mean(), softplus(same - cycled).mean()
        zero = np.log(2)
    else:
        by_hand = (
            (softplus(-same) + softplus(cycled)).mean(),
            (softplus(same) + softplus(-cycled)).mean(),
        )
        zero = 2 * np.log(2)
    names = ("cycle_discriminator_loss", "cycle_loss")
    assert [float(terms[name]) for name in names] == pytest.approx(by_hand)
    # Those of (x, z) are not mixed up with them.
    names = ("discriminator_loss", "generator_loss", "discriminator_accuracy")
    assert [float(terms[n]) for n in names] == pytest.approx([zero, zero, 0])


@pytest.mark.parametrize("interval", (1, 3))
def test_the_penalty_includes_the_cycle_discriminator(interval):
    terms, _ = judged(gradient_penalty=0.3, gradient_penalty_interval=interval)
    squares = (W**2).sum() + (W_OTHER**2).sum()
    assert float(terms["gradient_penalty"]) == pytest.approx(squares)


def test_penalties_of_both_discriminators_are_summed():
    objective = Objective(cycle="adversarial", gradient_penalty=1.0)
    players = networks(objective)
    without_cycle = Objective(gradient_penalty=1.0)
    without_joint = players._replace(discriminator=NoJudge())
    both, *alone = (
        float(terms_of(*arguments)["gradient_penalty"])
        for arguments in (
            (players, objective),
            (players, without_cycle),
            (without_joint, objective),
        )
    )
    assert both == pytest.approx(sum(alone))
    assert min(alone) > 0


def test_totals_by_hand():
    objective = Objective(
        cycle="adversarial", cycle_weight=3.0, gradient_penalty=0.5
    )
    terms = {
        "discriminator_loss": tf.constant(1.0),
        "generator_loss": tf.constant(2.0),
        "gradient_penalty": tf.constant(8.0),
        "cycle_loss": tf.constant(0.25),
        "cycle_discriminator_loss": tf.constant(0.125),
    }
    discriminator, generator = objective.totals(terms, 0)
    assert float(discriminator) == 1 + 0.5 * 8 + 0.125
    assert float(generator) == 2 + 3 * 0.25
