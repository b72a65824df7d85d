"""Error against labels: known answers, choices by validation, the figure."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import InputError
from ali_keras.evaluation.few_labels import label_curve
from ali_keras.evaluation.few_labels.label_curve import Protocol
from ali_keras.evaluation.few_labels.representations import of_pixels
from ali_keras.plotting import label_curves
from tests.evaluation.few_labels.arrays import Arrays

LINE = of_pixels((1, 1, 1))


def line(num=400):
    """Class 0 below 2, class 1 above it."""
    rng = np.random.default_rng(0)

    def make(number):
        points = rng.uniform(1, 3, number)
        return points, (points > 2).astype(int)

    return Arrays(make(num), make(100), make(200))


def by_classifier(curves):
    return {curve["classifier"]: curve for curve in curves}


def test_more_labels_have_fewer_errors_on_a_line():
    protocol = Protocol((1, 20), num_draws=20)
    curves = by_classifier(label_curve.measure([LINE], line(), protocol))
    assert set(curves) == {"1-NN", "logistic regression"}
    for curve in curves.values():
        assert curve["num_per_class"] == [1, 20]
        # One point of each class: the middle divides the line, which is on
        # average 1 / 6 away from 2, and 1 / 12 of the points are wrong.
        assert curve["mean"][0] == pytest.approx(1 / 12, abs=0.04)
        assert curve["mean"][1] < 0.02


def test_a_nearest_neighbour_on_a_line_is_right_or_wrong_by_hand():
    data = Arrays(([0, 10], [0, 1]), ([0], [0]), ([1, 4, 6, 9], [0, 1, 1, 1]))
    curves = label_curve.measure([LINE], data, Protocol((1,), num_draws=3))
    nearest = by_classifier(curves)["1-NN"]
    assert nearest["mean"] == [0.25] and nearest["std"] == [0.0]
    assert "cost" not in nearest and nearest["num_fits"] == 0


@pytest.mark.parametrize("label", [0, 1])
def test_the_cost_is_chosen_by_validation_alone(monkeypatch, label):
    def fit_constant(rows, labels, cost, counter):
        return lambda queries: np.full(len(queries), cost)

    constant = {"constant": ((0, 1), fit_constant)}
    monkeypatch.setattr(label_curve, "CLASSIFIERS", constant)
    pool = [0, 1], [0, 1]
    data = Arrays(pool, ([5, 6], [label, label]), ([5, 6], [0, 0]))
    [curve] = label_curve.measure([LINE], data, Protocol((1,), num_draws=2))
    assert curve["cost"] == [label]
    assert curve["mean"] == [float(label)]


def test_the_test_split_is_read_once():
    data = line()
    twice = LINE._replace(name="twice", rows=lambda x: 2 * LINE.rows(x))
    curves = label_curve.measure([LINE, twice], data, Protocol((1, 2), 2))
    assert len(curves) == 4 and data.num_reads == 1


def test_fits_are_counted_and_so_are_those_that_did_not_converge(monkeypatch):
    monkeypatch.setattr(label_curve, "MAX_ITERATIONS", 1)
    found = by_classifier(
        label_curve.measure([LINE], line(), Protocol((20,), num_draws=3))
    )["logistic regression"]
    assert found["num_fits"] == len(label_curve.COSTS) + 3
    assert 0 < found["num_not_converged"] <= found["num_fits"]


def test_numbers_that_no_class_has_are_left_out_or_refused():
    data = Arrays(([1, 2, 3, 4, 5], [0, 0, 0, 1, 1]), ([1], [0]), ([1], [0]))
    assert label_curve.available(data, (1, 2, 3)) == (1, 2)
    with pytest.raises(InputError, match="at least 3 .*class 1, with 2"):
        label_curve.measure([LINE], data, Protocol((1, 3)))


def test_the_table_has_a_line_a_curve_and_tells_of_fits():
    curves = label_curve.measure([LINE], line(), Protocol((1, 20), 2))
    curves[1]["num_not_converged"] = 7
    title, nearest, logistic = label_curve.table(curves).splitlines()
    assert title.split()[-2:] == ["1", "20"]
    assert nearest.endswith(f"{curves[0]['mean'][1]:.2%}")
    assert logistic.endswith("(7 of 16 fits had not converged)")


def test_the_figure_takes_curves_of_other_classifiers(tmp_path):
    curves = label_curve.measure([LINE], line(), Protocol((1, 10), 2))
    other = {
        "classifier": "K+1 classes",
        "representation": "x and z",
        "num_per_class": [10],
        "mean": [0.03],
        "std": [0.01],
    }
    label_curves.plot(tmp_path / "few.png", curves)
    label_curves.plot(tmp_path / "more.png", [*curves, other])
    few, more = (
        tf.io.decode_png((tmp_path / name).read_bytes())
        for name in ("few.png", "more.png")
    )
    assert few.shape == more.shape
    assert np.any(few.numpy() != more.numpy())
