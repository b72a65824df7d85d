"""Which images to label next, on geometry made by hand."""

import numpy as np
import pytest

from ali_keras import InputError
from ali_keras.evaluation.few_labels import selection


def choose(strategy, points, labels=None, num_images=2, seed=0):
    """Chooses among points on a line; `labels` are "" where there is none."""
    points = np.array(points, "float32")[:, np.newaxis]
    labels = np.array(labels or [""] * len(points), object)
    codes = {"z_mean": points, "features": 10 * points}
    return selection.choose(
        strategy, codes, labels != "", labels, num_images, seed
    )


def places(found):
    return [place for place, _ in found]


def test_coverage_begins_in_the_middle_and_goes_to_the_farthest():
    # The mean is 3.25. From 2 the farthest is 10, from both it is 0.
    found = choose("coverage", [0, 1, 2, 10], num_images=4)
    assert places(found) == [2, 3, 0, 1]
    assert [why["distance"] for _, why in found] == [1.25, 8, 2, 1]
    assert found[0][1]["reason"] == "nearest to the mean of z, 1.25 from it"
    assert found[1][1]["reason"] == "8 in z from all that came before"


def test_coverage_begins_at_what_is_labelled():
    found = choose("coverage", [0, 1, 2, 10], ["", "", "", "a"], 3)
    assert places(found) == [0, 2, 1]
    assert [why["distance"] for _, why in found] == [10, 2, 1]


def test_coverage_takes_the_corners_of_a_square():
    corners = [[0, 0], [0, 4], [4, 0], [4, 4]]
    inside = [[1, 1], [2, 2], [3, 1], [1, 3]]
    z = np.array([*inside, *corners], "float32")
    chosen = np.zeros(8, bool)
    found = selection.choose("coverage", {"z_mean": z}, chosen, None, 5)
    assert places(found)[0] == 1
    assert set(places(found)[1:]) == {4, 5, 6, 7}


def test_coverage_leaves_copies_to_the_last_and_takes_none_twice():
    found = choose("coverage", [5, 5, 5, 0, 9], num_images=5)
    assert sorted(places(found)) == [0, 1, 2, 3, 4]
    assert set(places(found)[:3]) == {0, 3, 4}
    assert [why["distance"] for _, why in found][3:] == [0, 0]


def test_margin_takes_what_lies_between_the_classes():
    labels = ["a", "b", "", "", "", ""]
    found = choose("margin", [-1, 1, 3, -0.1, 0.5, -2], labels, 4)
    assert places(found) == [3, 4, 5, 2]
    likeliest = [(w["likeliest"], w["second"]) for _, w in found]
    assert likeliest == [("a", "b"), ("b", "a"), ("a", "b"), ("b", "a")]


def test_a_margin_is_that_of_the_logistic_regression():
    # On -10 and 10: w^2 / 2 + 2 log(1 + exp(-10 w)) is least where
    # w = 20 / (1 + exp(10 w)). At x the margin is tanh(w x / 2).
    found = choose("margin", [-1, 1, 0.5], ["a", "b", ""], 1)
    [(_, why)] = found
    w = 2 * np.arctanh(why["margin"]) / 5
    assert w == pytest.approx(20 / (1 + np.exp(10 * w)), rel=1e-3)
    likely = (1 + why["margin"]) / 2
    assert why["reason"] == (
        f"probability {likely:.3f} of b, {1 - likely:.3f} of a"
    )


def test_random_is_fixed_by_the_seed_and_leaves_the_labelled_out():
    labels = ["a" if n % 2 else "" for n in range(40)]
    chosen = [
        places(choose("random", range(40), labels, 10, seed))
        for seed in (1, 1, 2)
    ]
    assert chosen[0] == chosen[1] != chosen[2]
    assert len(set(chosen[0])) == 10
    assert not any(place % 2 for place in chosen[0])


@pytest.mark.parametrize("strategy", selection.STRATEGIES)
def test_more_images_than_there_are_is_refused(strategy):
    labels = ["a", "b", "", ""]
    assert len(choose(strategy, range(4), labels, 2)) == 2
    with pytest.raises(InputError, match="label yet, 2. Received: 3"):
        choose(strategy, range(4), labels, 3)


def test_margin_wants_labels_of_two_classes():
    with pytest.raises(InputError, match="two classes.*Received: 1"):
        choose("margin", range(4), ["a", "a", "", ""], 1)
    codes = {"z_mean": np.zeros((3, 1))}
    labels = np.array(["a", "", ""], object)
    is_labelled = np.array([True, True, False])
    with pytest.raises(InputError, match="1 of 2 without"):
        selection.choose("margin", codes, is_labelled, labels, 1)
