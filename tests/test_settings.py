"""Settings: what follows from a declaration."""

import dataclasses
import json

import numpy as np
import pytest

from ali_keras import InputError
from ali_keras import settings
from ali_keras.config import all_settings
from ali_keras.settings import REQUIRED
from ali_keras.settings import setting
from ali_keras.training.execution import Execution


@settings.group
class Oven:
    """How a loaf is baked."""

    minutes: int = setting(REQUIRED, "Time in the oven.", at_least=1)
    heat: float = setting(230.0, "Degrees.", above=0)
    steam: float = setting(0.5, "Share of the time.", at_least=0, at_most=1)
    rise: float = setting(0.0, "Share of the height.", at_least=0, below=1)
    flour: str = setting("rye", "Kind of flour.", choices=("rye", "wheat"))
    name: str | None = setting(None, "Name of the loaf.")
    fan: bool = setting(False, "Whether the fan runs.")


@pytest.mark.parametrize(
    ("values", "message"),
    (
        ({"minutes": 0}, "minutes must be at least 1. Received: 0"),
        ({"minutes": 1.5}, "minutes must be an integer. Received: 1.5"),
        ({"minutes": True}, "minutes must be an integer. Received: True"),
        ({"minutes": None}, "minutes must be an integer. Received: None"),
        ({"heat": 0}, "heat must be above 0. Received: 0"),
        ({"heat": float("inf")}, "heat must be finite. Received: inf"),
        ({"heat": "hot"}, "heat must be a number. Received: hot"),
        ({"steam": 1.01}, "steam must be in [0, 1]. Received: 1.01"),
        ({"rise": 1}, "rise must be in [0, 1). Received: 1"),
        (
            {"flour": "oat"},
            "flour must be one of ['rye', 'wheat']. Received: oat",
        ),
        ({"name": 3}, "name must be text. Received: 3"),
        ({"fan": 1}, "fan must be true or false. Received: 1"),
    ),
)
def test_a_value_that_is_not_allowed_is_refused_in_words(values, message):
    with pytest.raises(InputError) as caught:
        Oven(**{"minutes": 40, **values})
    assert str(caught.value) == message


def test_values_at_the_bounds_and_numpy_s_numbers_are_taken():
    Oven(minutes=1, heat=1e-9, steam=1, rise=0, name="bread", fan=True)
    oven = Oven(minutes=np.int64(3), heat=np.float32(200), steam=0)
    assert json.dumps([oven.minutes, oven.heat]) == "[3, 200.0]"


@pytest.mark.parametrize(
    ("bounds", "words"),
    (
        ({}, ""),
        ({"at_most": 3}, "at most 3"),
        ({"below": 3}, "below 3"),
        ({"above": 0, "at_most": 3}, "in (0, 3]"),
        ({"above": 0, "below": 3}, "in (0, 3)"),
        ({"at_least": 0, "below": 3}, "in [0, 3)"),
    ),
)
def test_bounds_in_words(bounds, words):
    assert settings.Rule("Help.", **bounds).words() == words


def test_a_group_has_no_check_of_its_own():
    class Own:
        """Own."""

        def __post_init__(self):
            pass

    with pytest.raises(TypeError, match="Own must have no __post_init__"):
        settings.group(Own)


def test_a_setting_without_a_default_must_be_stated():
    with pytest.raises(TypeError, match="minutes"):
        Oven()


def test_a_group_is_frozen():
    oven = Oven(minutes=40)
    with pytest.raises(dataclasses.FrozenInstanceError):
        oven.minutes = 50


def test_a_part_of_the_values_can_be_checked():
    settings.check_values(Oven, heat=1, unknown=None)
    with pytest.raises(InputError, match="heat must be above 0"):
        settings.check_values(Oven, heat=-1)


def test_the_docstring_lists_the_settings():
    assert Oven.__doc__.startswith("How a loaf is baked.\n\nSettings:\n")
    assert "    minutes: Time in the oven. (at least 1)\n" in Oven.__doc__
    assert "    fan: Whether the fan runs. [False]" in Oven.__doc__


def test_every_setting_has_a_line_of_help_and_a_name_of_its_own():
    declared = [*all_settings(), *settings.settings_of(Execution)]
    names = [each.name for each in declared]
    assert len(set(names)) == len(names)
    for each in declared:
        assert each.rule.help.endswith("."), each.name
        assert "\n" not in each.rule.help


def test_every_default_is_allowed():
    for each in all_settings():
        if each.default is not REQUIRED:
            each.check(each.default)
