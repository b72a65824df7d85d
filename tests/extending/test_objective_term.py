"""A term of the objective, with a setting of its own, is one module more."""

import json
import types

import pytest
import tensorflow as tf
from absl import flags

import ali_keras
from ali_keras import settings
from ali_keras.command_line import setting_flags
from ali_keras.objectives.term import GENERATOR
from ali_keras.objectives.term import Term
from ali_keras.training.callbacks import WriteHistory
from tests import tiny


@settings.group
class Settings:
    """Pulls the codes towards 0."""

    shrinkage: float = settings.setting(
        0.0, "Weight of the mean square of z; 0: off.", at_least=0, at_most=10
    )


def shrink(objective, forward):
    if not objective.shrinkage:
        return {}
    return {"shrinkage_loss": tf.reduce_mean(forward.z_hat**2)}


# What a module objectives/shrinkage.py would be.
SHRINKAGE = types.SimpleNamespace(
    Settings=Settings,
    TERMS=(Term("shrinkage_loss", GENERATOR, "shrinkage"),),
    terms=shrink,
)


@settings.group
class Objective(Settings, ali_keras.Objective):
    """What PIECES with one module more would make."""

    pieces = (*ali_keras.Objective.pieces, SHRINKAGE)


@pytest.mark.parametrize(
    ("value", "rule"),
    (
        (-1.0, r"in \[0, 10\]"),
        (11, r"in \[0, 10\]"),
        (float("nan"), "finite"),
        ("1", "a number"),
        (True, "a number"),
    ),
)
def test_its_setting_is_checked_as_declared(value, rule):
    with pytest.raises(ValueError, match=f"shrinkage must be {rule}. Received"):
        Objective(shrinkage=value)


def test_its_setting_is_a_flag():
    declared = settings.settings_of(Settings)
    try:
        setting_flags.define(declared, __name__)
        assert flags.FLAGS["shrinkage"].help == (
            "Weight of the mean square of z; 0: off."
        )
        assert setting_flags.values(declared) == {"shrinkage": None}
        flags.FLAGS["shrinkage"].parse("0.5")
        assert setting_flags.values(declared) == {"shrinkage": 0.5}
        with pytest.raises(flags.IllegalFlagValueError, match="shrinkage"):
            flags.FLAGS["shrinkage"].parse("-1")
    finally:
        delattr(flags.FLAGS, "shrinkage")


def test_its_setting_is_in_the_docstring():
    assert "shrinkage: Weight of the mean square of z" in Objective.__doc__
    assert "cycle_weight: " in Objective.__doc__


def test_its_term_is_minimised_by_its_player_and_reported(tmp_path):
    model = tiny.model(Objective(shrinkage=2.0))
    terms = {"discriminator_loss": 3.0, "generator_loss": 5.0}
    assert model.objective.totals({**terms, "shrinkage_loss": 7.0}, 0) == (
        3.0,
        5.0 + 2.0 * 7.0,
    )
    history = tmp_path / "history.json"
    figures = model.fit(
        tiny.images(),
        batch_size=4,
        verbose=0,
        callbacks=[WriteHistory(history)],
    ).history
    [loss] = figures["shrinkage_loss"]
    assert loss > 0
    assert json.loads(history.read_text())["shrinkage_loss"] == [loss]
    assert "shrinkage_loss" in model.evaluate(
        tiny.images(), verbose=0, return_dict=True
    )


def test_it_is_off_by_default():
    model = tiny.model(Objective())
    assert "shrinkage_loss" not in tiny.fit(model, tiny.images())


def test_labels_reach_a_term_that_wants_them():
    seen = []

    def look(objective, forward):
        seen.append(forward.labels)
        return {}

    piece = types.SimpleNamespace(Settings=Settings, TERMS=(), terms=look)

    class Labelled(Objective):
        pieces = (*ali_keras.Objective.pieces, piece)

    model = tiny.model(Labelled(), run_eagerly=True)
    labels = tf.constant([3, -1, 2, 0], tf.int64)
    model.train_on_batch(tiny.images(4), labels)
    assert seen.pop().numpy().tolist() == [3, -1, 2, 0]
    model.train_on_batch(tiny.images(4))
    assert seen.pop() is None
