"""Labelled sets: balanced, without repeats, fixed by their key."""

import numpy as np
import pytest

from ali_keras import InputError
from ali_keras.evaluation.few_labels import draws
from ali_keras.evaluation.few_labels import labelled_data

LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, -1, -1, 1])


def test_each_class_is_drawn_as_often_and_no_image_twice():
    places = draws.draw(LABELS, 3, 3, 0, draws.TEST, 5)
    assert LABELS[places].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert len(set(places)) == 9


def test_all_images_of_a_class_are_drawn_at_last():
    found = {p for n in range(50) for p in draws.draw(LABELS, 1, 3, 0, 0, n)}
    assert found == set(np.flatnonzero(LABELS >= 0))


def test_a_key_fixes_a_draw():
    labels = np.arange(1000) % 2
    keys = [(0, draws.TEST, 0), (0, draws.TEST, 1), (1, draws.TEST, 0)]
    keys.append((0, draws.CHOICE, 0))
    found = [tuple(draws.draw(labels, 10, 2, *key)) for key in keys]
    assert len(set(found)) == 4
    again = draws.draw(labels, 10, 2, *keys[1])
    assert tuple(again) == found[1]


def test_a_larger_draw_contains_the_smaller():
    labels = np.arange(200) % 2
    few, more = (set(draws.draw(labels, n, 2, 3)) for n in (4, 9))
    assert few < more


def test_too_few_labels_are_refused():
    with pytest.raises(InputError, match="least 4 .*class 2, with 3"):
        draws.draw(LABELS, 4, 3, 0)
    with pytest.raises(InputError, match="class 3, with 0"):
        draws.draw(LABELS, 1, 4, 0)


@pytest.mark.parametrize("label", [2, -2])
def test_labels_outside_their_range_are_refused(label):
    labels = np.array([0, 1, label])
    with pytest.raises(InputError, match=r"0 to 1.*Received: labels from"):
        draws.draw(labels, 1, 2, 0)


@pytest.mark.parametrize(
    ("num_images", "num_validation", "expected"),
    [
        (73_257, None, 63_257),  # SVHN's, as the authors divide it.
        (50_000, None, 40_000),
        (4_000, None, 3_200),
        (4_000, 100, 3_900),
    ],
)
def test_the_last_images_are_for_validation(
    num_images, num_validation, expected
):
    assert labelled_data.pool_size(num_images, num_validation) == expected


@pytest.mark.parametrize(
    ("num_images", "asked"), [(10, 10), (10, 11), (4, None)]
)
def test_a_pool_without_images_is_refused(num_images, asked):
    with pytest.raises(InputError, match=f"has {num_images}. Received"):
        labelled_data.pool_size(num_images, asked)


def test_images_without_a_label_are_left_out():
    batches = [
        (np.arange(3), np.array([0, -1, 1])),
        (np.arange(2), -np.ones(2)),
    ]
    [(images, labels)] = labelled_data.labelled(batches)
    assert images.tolist() == [0, 2] and labels.tolist() == [0, 1]
    with pytest.raises(InputError, match="all -1"):
        list(labelled_data.labelled(batches[1:]))
