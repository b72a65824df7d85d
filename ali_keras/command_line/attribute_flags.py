"""Flags that say which attributes images are to have, by their names.

A setting is a list such as "Black_Hair,-Young,Smiling=0.5": what is on, off,
or another number. What it does not name stays as it is, so "unchanged" is a
setting too. A flag holds settings with a semicolon between them, the name of a
sequence, or file:PATH, a file with one setting a line.
"""

import difflib
import math
import pathlib
from typing import NamedTuple

import numpy as np

from ali_keras.errors import InputError

UNCHANGED = "unchanged"
FILE = "file:"
# Figure 7 of Dumoulin et al. (2017): (a) to (l), the columns, and I to IV, the
# rows. The caption's "older" is not young, its "female" not male.
COLUMNS = {
    "celeba_paper": (
        "unchanged; Black_Hair; Brown_Hair; Blond_Hair; Black_Hair,Wavy_Hair; "
        "Blond_Hair,Bangs; Blond_Hair,Receding_Hairline; Blond_Hair,Bald; "
        "Black_Hair,Smiling; Black_Hair,Smiling,Mouth_Slightly_Open; "
        "Black_Hair,Smiling,Mouth_Slightly_Open,Eyeglasses; "
        "Black_Hair,Smiling,Mouth_Slightly_Open,Eyeglasses,Wearing_Hat"
    )
}
ROWS = {
    "celeba_paper": (
        "Male,Attractive,Young; Male,Attractive,-Young; "
        "-Male,Attractive,Young; -Male,Attractive,-Young"
    )
}


class Setting(NamedTuple):
    """What becomes of attributes.

    Attributes:
        title: String, as it was written.
        values: Dictionary: for the place of an attribute its number.
    """

    title: str
    values: dict[int, float]


def parse(flag, text, names, sequences):
    """Reads the settings of a flag.

    Args:
        flag: String, such as "--attributes".
        text: String, its value.
        names: List of the model's attributes.
        sequences: Dictionary of texts by name, such as `COLUMNS`.

    Returns:
        List of `Setting`s.

    Raises:
        InputError: if there is no such attribute, no such file, or the text
            is something else.
    """
    if text.startswith(FILE):
        text = _read(flag, pathlib.Path(text.removeprefix(FILE)).expanduser())
    text = sequences.get(text.strip(), text)
    lines = text.strip().rstrip(";").replace("\n", ";").split(";")
    return [_setting(flag, line, names) for line in map(str.strip, lines)]


def each_alone(names):
    """Returns `Setting`s: nothing changed, then each attribute on."""
    alone = [Setting(name, {i: 1.0}) for i, name in enumerate(names)]
    return [Setting(UNCHANGED, {}), *alone]


def applied(settings, vectors):
    """Applies every setting to every vector of attributes.

    Args:
        settings: List of `Setting`s.
        vectors: Array `(num_vectors, size)`.

    Returns:
        float32 array `(num_vectors, num_settings, size)`.
    """
    told = np.repeat(np.array(vectors, "float32")[:, None], len(settings), 1)
    for number, setting in enumerate(settings):
        for place, value in setting.values.items():
            told[:, number, place] = value
    return told


def listed(what, settings):
    """Lists settings for people, numbered from 1, below a word for them."""
    lines = [
        f"  {number:>2}  {s.title}" for number, s in enumerate(settings, 1)
    ]
    return "\n".join([f"{what}:", *lines])


def _read(flag, path):
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(
            f"{flag} must be {FILE}PATH of a text file with one setting a "
            f"line. Received: {path} ({error})"
        ) from None
    return "\n".join(filter(str.strip, lines))


def _setting(flag, text, names):
    if text == UNCHANGED:
        return Setting(text, {})
    pairs = [_change(flag, each.strip(), names) for each in text.split(",")]
    values = dict(pairs)
    if len(values) < len(pairs):
        raise InputError(
            f"{flag} must name an attribute once in a setting. Received: {text}"
        )
    return Setting(", ".join(map(str.strip, text.split(","))), values)


def _change(flag, text, names):
    """Reads NAME, +NAME, -NAME or NAME=NUMBER: a place and a number."""
    name, equals, number = text.rpartition("=")
    value = _number(number) if equals else 1.0
    if not equals:
        name = number
        if name not in names and name[:1] in ("+", "-"):
            value = float(name[0] == "+")
            name = name[1:].strip()
    if value is None or not name:
        raise InputError(
            f"{flag} must be settings such as "
            f"'{UNCHANGED};{names[0]};-{names[0]};{names[0]}=0.5', with commas "
            f"between the attributes of one. Received: {text or 'an empty one'}"
        )
    if name.strip() not in names:
        raise _unknown(flag, name, names)
    return names.index(name.strip()), value


def _number(text):
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _unknown(flag, name, names):
    by_lower = {each.lower(): each for each in names}
    found = difflib.get_close_matches(name.lower(), by_lower, cutoff=0.5)
    close = [by_lower[each] for each in found]
    hint = f"close to it: {close}" if close else f"there are {list(names)}"
    return InputError(
        f"{flag} must name attributes of the model. Received: {name}; {hint}"
    )
