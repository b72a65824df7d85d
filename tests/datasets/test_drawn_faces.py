"""`drawn_faces`: what a face has, is seen."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from ali_keras.command_line import attribute_flags
from ali_keras.data import attributes
from ali_keras.datasets import drawn_faces

NONE = dict.fromkeys(drawn_faces.NAMES, False)


def draw(**has):
    rng = np.random.default_rng(0)
    return drawn_faces.draw_face(rng, {**NONE, **has}).astype("int32")


@pytest.mark.parametrize("name", drawn_faces.NAMES)
def test_an_attribute_changes_some_pixels_of_the_face(name):
    changed = (draw() != draw(**{name: True})).any(axis=-1)
    assert 0.01 < changed.mean() < 0.5
    assert not changed[0].any()  # The background stays.


def test_colours_of_hair_and_tops_exclude_each_other():
    rng = np.random.default_rng(0)
    drawn = [drawn_faces.draw_attributes(rng) for _ in range(400)]
    hair = np.array([[d[n] for n in drawn_faces.HAIR if n] for d in drawn])
    tops = np.array([[d[n] for n in drawn_faces.TOPS if n] for d in drawn])
    for group in (hair, tops):
        assert group.sum(axis=1).max() == 1
        assert (group.mean(axis=0) > 0.1).all()
    assert not any(d["Bald"] and d["Wavy_Hair"] for d in drawn)


def test_a_seed_fixes_a_face():
    np.testing.assert_array_equal(draw(Bald=True), draw(Bald=True))


def test_its_attributes_are_those_of_the_papers_columns(tmp_path):
    builder = tfds.builder("drawn_faces", data_dir=tmp_path)
    names = attributes.names_of(builder)
    assert names == list(drawn_faces.NAMES)
    columns = attribute_flags.COLUMNS
    settings = attribute_flags.parse(
        "--attributes", "celeba_paper", names, columns
    )
    used = {names[i] for setting in settings for i in setting.values}
    assert used == {*names} - {"Mustache"}
