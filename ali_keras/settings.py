"""Settings: each declared once, with its default, its range and its help.

A group of settings is a class with the decorator `group`, whose fields are
made by `setting`. The declaration is the only place that names a setting. What
follows from it: the check of its value (from Python and from JSON), its flag
(`command_line.setting_flags`), its line in config.json and in the output of
--dry_run, its row in docs/presets.md and its line in the class' docstring.
"""

import dataclasses
import inspect
import math
import numbers
from collections.abc import Collection
from typing import Any
from typing import NamedTuple

import numpy as np

from ali_keras.errors import InputError

# Of integers without a bound of their own: TensorFlow's sizes have 32 bits.
MAX_INTEGER = 2**31 - 1
# Of settings that have no default: a preset or the caller must state them.
REQUIRED = dataclasses.MISSING


class Rule(NamedTuple):
    """What a setting is and which values it may have.

    Attributes:
        help: String. One line for people.
        at_least: Number, the lowest value. `None` is no bound.
        above: Number below all values.
        at_most: Number, the highest value.
        below: Number above all values.
        choices: Collection of the only values allowed, such as a tuple or the
            keys of a dictionary; `None` is no such list.
        aliases: Tuple of values that a flag also takes, which are resolved
            to one of the choices.
    """

    help: str
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    choices: Collection | None = None
    aliases: tuple = ()

    def words(self):
        """Says in words which values are allowed; empty if any are."""
        if self.choices is not None:
            return f"one of {list(self.choices)}"
        low, high = self._low(), self._high()
        if low and high:
            return f"in {low[1]}, {high[1]}"
        return (low or high or ("", ""))[0]

    def _low(self):
        if self.above is not None:
            return f"above {self.above}", f"({self.above}"
        if self.at_least is not None:
            return f"at least {self.at_least}", f"[{self.at_least}"
        return None

    def _high(self):
        if self.below is not None:
            return f"below {self.below}", f"{self.below})"
        if self.at_most is not None:
            return f"at most {self.at_most}", f"{self.at_most}]"
        return None

    def allows(self, value):
        """Whether a value lies within the bounds or among the choices."""
        if self.choices is not None:
            return value in self.choices
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


class Setting(NamedTuple):
    """A declared setting.

    Attributes:
        name: String.
        type: `int`, `float`, `bool` or `str`.
        is_optional: Boolean. Whether `None` is a value.
        default: Its value, or `REQUIRED`.
        rule: `Rule`.
    """

    name: str
    type: type
    is_optional: bool
    default: Any
    rule: Rule

    def check(self, value):
        """Raises `InputError` if the value is not allowed."""
        if value is None and self.is_optional:
            return
        if not self._is_of_type(value):
            self._refuse(_TYPES[self.type][1], value)
        if self.type is float and not _is_finite(value):
            self._refuse("finite", value)
        if self.type is str and not is_text(value):
            self._refuse("text in UTF-8 without zero bytes", ascii(value))
        if not self.rule.allows(value):
            self._refuse(self.rule.words(), value)
        if self.type is int and value > self.highest():
            self._refuse(f"at most {self.highest()}", value)

    def highest(self):
        """Returns the upper bound of a number; `None` is none, for floats."""
        bounds = (self.rule.below, self.rule.at_most)
        stated = next((b for b in bounds if b is not None), None)
        return MAX_INTEGER if stated is None and self.type is int else stated

    def _is_of_type(self, value):
        if isinstance(value, bool):
            return self.type is bool
        return isinstance(value, _TYPES[self.type][0])

    def _refuse(self, words, value):
        raise InputError(
            f"{self.name} must be {words}. Received: {_shorten(value)}"
        )


# What is taken for each type, and how it is called.
_TYPES = {
    bool: (bool, "true or false"),
    int: (numbers.Integral, "an integer"),
    float: (numbers.Real, "a number"),
    str: (str, "text"),
}


def setting(default, help, **bounds):  # noqa: A002
    """Declares a setting as the field of a group.

    Args:
        default: Its default, or `REQUIRED`.
        help: String. One line that says what it is.
        **bounds: The other attributes of `Rule`.

    Returns:
        Field of a dataclass. Its annotation is the setting's type: `int`,
        `float`, `bool`, `str`, or one of them or `None`.
    """
    rule = Rule(help, **bounds)
    return dataclasses.field(default=default, metadata={"rule": rule})


def group(cls):
    """Makes a class a group of settings: a frozen dataclass that checks them.

    Arguments are keywords. A group that inherits from others has their
    settings as well. The docstring gets a list of all settings.

    Raises:
        InputError: when a value is not allowed; the message names it.
        TypeError: if the class has a `__post_init__` of its own, which the
            check would replace.
    """
    if "__post_init__" in vars(cls):
        raise TypeError(f"{cls.__name__} must have no __post_init__")
    cls.__post_init__ = check
    cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    lines = [inspect.cleandoc(cls.__doc__), "", "Settings:"]
    lines += [_line(each) for each in settings_of(cls)]
    cls.__doc__ = "\n".join(lines)
    return cls


def settings_of(cls):
    """Returns the `Setting`s of a group, in the order of declaration.

    Args:
        cls: A class with the decorator `group`, or an instance.
    """
    return [
        Setting(field.name, *_kind(field.type), field.default, rule)
        for field in dataclasses.fields(cls)
        if (rule := field.metadata.get("rule"))
    ]


def check(values):
    """Raises `InputError` if a value of a group is not allowed.

    NumPy's numbers become Python's, which JSON can write.
    """
    for each in settings_of(values):
        value = getattr(values, each.name)
        each.check(value)
        if isinstance(value, np.generic):
            object.__setattr__(values, each.name, value.item())


def check_values(cls, **values):
    """Raises `InputError` if a value is not allowed by a group's declaration.

    Args:
        cls: A class with the decorator `group`.
        **values: Values by the names of some of its settings.
    """
    for each in settings_of(cls):
        if each.name in values:
            each.check(values[each.name])


def _kind(annotation):
    """Takes `int | None` apart: the type, and whether `None` is a value."""
    kinds = getattr(annotation, "__args__", (annotation,))
    return kinds[0], type(None) in kinds


def _line(declared):
    words = declared.rule.words()
    default = "" if declared.default is REQUIRED else f" [{declared.default}]"
    allowed = f" ({words})" if words else ""
    return f"    {declared.name}: {declared.rule.help}{allowed}{default}"


def is_text(value):
    """Whether a string can be written as UTF-8, as names of files must be."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _is_finite(value):
    try:
        return math.isfinite(value)
    except OverflowError:  # An integer beyond the floats.
        return False


def _shorten(value):
    # Python does not write integers of more than 4300 digits.
    if isinstance(value, int) and value.bit_length() > 10_000:
        return "an integer of thousands of digits"
    return value
