"""Settings of attributes: what is read from a flag, what it changes."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from ali_keras.command_line import attribute_flags
from ali_keras.data import attributes
from ali_keras.errors import InputError

NAMES = ["Bald", "Hat", "Old-Age", "Young"]


def parse(text):
    settings = attribute_flags.parse("--attributes", text, NAMES, {"all": "*"})
    return [(setting.title, setting.values) for setting in settings]


def test_settings_are_names_with_signs_and_numbers():
    assert parse(" unchanged; Hat ,-Young;+Bald;Old-Age=0.5;Hat=-1;") == [
        ("unchanged", {}),
        ("Hat, -Young", {1: 1.0, 3: 0.0}),
        ("+Bald", {0: 1.0}),
        ("Old-Age=0.5", {2: 0.5}),
        ("Hat=-1", {1: -1.0}),
    ]


def test_a_file_has_one_setting_a_line(tmp_path):
    path = tmp_path / "columns.txt"
    path.write_text("unchanged\n\nHat,Bald\n")
    assert parse(f"file:{path}") == [
        ("unchanged", {}),
        ("Hat, Bald", {1: 1.0, 0: 1.0}),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hats", r"Received: hats; close to it: \['Hat'\]$"),
        ("Xyz", r"Received: Xyz; there are \['Bald', 'Hat'"),
        ("Hat;;Bald", "Received: an empty one"),
        (";", "Received: an empty one"),
        ("Hat=x", "settings such as .* Received: Hat=x"),
        ("Hat=nan", "Received: Hat=nan"),
        ("Hat,-Hat", "once in a setting. Received: Hat,-Hat"),
        ("file:nowhere.txt", "one setting a line. Received: nowhere.txt"),
    ],
)
def test_other_texts_are_one_line(text, message):
    with pytest.raises(InputError, match=message):
        parse(text)


def test_settings_change_what_they_name():
    settings = attribute_flags.parse(
        "--attributes", "unchanged;Hat,-Young", NAMES, {}
    )
    told = attribute_flags.applied(settings, np.array([[1, 0, 0, 1]]))
    np.testing.assert_array_equal(told, [[[1, 0, 0, 1], [1, 1, 0, 0]]])


def test_the_papers_figure_is_of_celeb_as_attributes(tmp_path):
    names = attributes.names_of(tfds.builder("celeb_a", data_dir=tmp_path))
    assert len(names) == 40
    columns, rows = (
        attribute_flags.parse("--attributes", "celeba_paper", names, each)
        for each in (attribute_flags.COLUMNS, attribute_flags.ROWS)
    )
    assert [len(columns), len(rows)] == [12, 4]
    told = attribute_flags.applied(rows[1:2], np.zeros((1, 40)))[0]
    [older_man] = attribute_flags.applied(columns[-1:], told)[:, 0]
    assert {names[i] for i in np.flatnonzero(older_man)} == {
        *("Male", "Attractive", "Black_Hair", "Smiling"),
        *("Mouth_Slightly_Open", "Eyeglasses", "Wearing_Hat"),
    }
