"""The paper's SVM on problems whose answers are known."""

import functools

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from ali_keras import InputError
from ali_keras.evaluation.few_labels import support_vectors
from ali_keras.evaluation.few_labels.representations import Representation
from ali_keras.evaluation.few_labels.representations import of_pixels
from ali_keras.evaluation.few_labels.support_vectors import Fitted
from ali_keras.evaluation.few_labels.support_vectors import Protocol
from tests.evaluation.few_labels.arrays import Arrays

LINE = of_pixels((1, 1, 1))
NUM_FITS = 50 + 10  # The choice of the cost and the validation's repeats.


def two_points(validation=(0.5, 0), test=(0.5, 1)):
    """Class 0 at -1, class 1 at 3; one point each to validate and to test.

    With a small cost only the sums of the points count: the weight is along
    1 + 3, the bias along 1 - 1, and 0 divides the classes. With a large cost
    both margins are 1, and the middle divides them: 1.
    """
    pool = [-1, -1, 3, 3], [0, 0, 1, 1]
    return Arrays(pool, *[([x], [label]) for x, label in (validation, test)])


@pytest.mark.parametrize("num_draws", [1, 3])
def test_separable_codes_have_no_errors(num_draws):
    rng = np.random.default_rng(0)
    centres = np.array([[0, 5], [5, -5], [-5, -5]])

    def make(number):
        labels = np.arange(number) % 3
        return centres[labels] + rng.uniform(-1, 1, (number, 2)), labels

    data = Arrays(make(90), make(30), make(30))
    protocol = Protocol(num_per_class=10, num_draws=num_draws)
    found = support_vectors.measure([of_pixels((1, 1, 2))], data, protocol)
    assert found["pixels"]["mean"] == found["pixels"]["std"] == 0.0
    assert found["pixels"]["validation_error_mean"] == 0.0
    assert found["pixels"]["num_features"] == 2
    assert found["pixels"]["num_fits"] == NUM_FITS + num_draws


def test_a_machine_on_a_line_is_that_of_the_closed_form():
    # All costs are right, so the smallest, exp(-20), is taken. N points at 1
    # and -1: w^2 / 2 + C N (1 - w)^2 is least at w = 2 C N / (1 + 2 C N).
    pool = [-1, -1, 1, 1], [0, 0, 1, 1]
    data = Arrays(pool, ([-2, 2], [0, 1]), ([-3], [0]))
    fitted = support_vectors.fit(LINE, data, Protocol(2, 1))
    assert fitted.results["cost"] == pytest.approx(np.exp(-20))
    [machine] = fitted.machines
    twice = 2 * np.exp(-20) * 4
    assert machine.coef_.item() == pytest.approx(twice / (1 + twice), rel=1e-3)
    assert machine.intercept_.item() == pytest.approx(0, abs=1e-12)
    assert (machine.loss, machine.penalty) == ("squared_hinge", "l2")


@pytest.mark.parametrize(
    ("validation", "is_large", "error"),
    [((0.5, 0), True, 1.0), ((0.5, 1), False, 0.0)],
)
def test_the_cost_is_chosen_by_validation_alone(validation, is_large, error):
    # In the test split the point at 0.5 is of class 1.
    data = two_points(validation)
    found = support_vectors.measure([LINE], data, Protocol(2, 4))["pixels"]
    assert found["validation_error"] == 0.0
    assert (found["cost"] > 1e-3) == is_large
    assert found["mean"] == error and found["std"] == 0.0


def test_the_costs_are_those_of_the_authors():
    costs = support_vectors.COSTS
    assert len(costs) == 50
    assert np.log(costs[[0, -1]]) == pytest.approx([-20, 20])
    assert np.diff(np.log(costs)) == pytest.approx(40 / 49)


def test_the_test_split_is_read_once_and_at_last(monkeypatch):
    fits = []

    class Counted(LinearSVC):
        def fit(self, *arguments):
            fits.append(self.C)
            return super().fit(*arguments)

    data = two_points()
    read, before = data.test_batches, []

    def test_batches():
        before.append(len(fits))
        yield from read()

    monkeypatch.setattr(support_vectors, "LinearSVC", Counted)
    data.test_batches = test_batches
    twice = Representation("twice", lambda x: 2 * LINE.rows(x), 1)
    found = support_vectors.measure([LINE, twice], data, Protocol(1, 3))
    assert list(found) == ["pixels", "twice"]
    assert before == [2 * (NUM_FITS + 3)] == [len(fits)]
    assert data.num_reads == 1


def test_errors_are_shares_of_all_images_and_batches():
    class Constant:
        def __init__(self, label):
            self.label = label

        def predict(self, rows):
            assert rows.dtype == "float64"
            return np.full(len(rows), self.label)

    data = Arrays(([0, 0], [0, 1]), ([0], [0]), ([1, 2, 3, 4], [0, 0, 1, 0]))
    fitted = [
        Fitted(LINE, [Constant(0), Constant(1)], {}),
        Fitted(LINE, [Constant(2)], {}),
    ]
    batches = data.test_batches()
    first, second = support_vectors.count_errors(fitted, batches, 4)
    assert first.tolist() == [0.25, 0.75] and second.tolist() == [1.0]


def test_fits_that_do_not_converge_are_counted_and_warn_of_nothing(
    monkeypatch,
):
    hasty = functools.partial(LinearSVC, max_iter=1, dual=True)
    monkeypatch.setattr(support_vectors, "LinearSVC", hasty)
    rng = np.random.default_rng(0)
    points, labels = rng.normal(size=40), np.arange(40) % 2
    data = Arrays((points, labels), (points, labels), (points, labels))
    found = support_vectors.measure([LINE], data, Protocol(20, 2))["pixels"]
    assert found["num_fits"] == NUM_FITS + 2
    assert found["num_not_converged"] == found["num_fits"]
    converged = support_vectors.measure([LINE], two_points(), Protocol(1, 2))
    monkeypatch.undo()
    converged = support_vectors.measure([LINE], two_points(), Protocol(1, 2))
    assert converged["pixels"]["num_not_converged"] == 0


def test_a_seed_fixes_the_results():
    rng = np.random.default_rng(0)
    points, labels = rng.normal(size=60), np.arange(60) % 2
    data = Arrays((points, labels), (points, labels), (points, labels))
    results = [
        support_vectors.measure([LINE], data, Protocol(3, 2, seed))
        for seed in (0, 0, 1)
    ]
    assert results[0] == results[1] != results[2]


def test_too_few_labels_are_refused():
    with pytest.raises(InputError, match="at least 3 .*class 0, with 2"):
        support_vectors.measure([LINE], two_points(), Protocol(3, 1))
