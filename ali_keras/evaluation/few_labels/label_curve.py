"""What labels buy: test error against the number of labels of a class.

A curve has one classifier and one representation. More curves, such as those
of a classifier that is trained with the networks, can stand beside them: see
`plotting.label_curves`.
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from ali_keras.evaluation import neighbours
from ali_keras.evaluation.few_labels import draws
from ali_keras.evaluation.few_labels import representations
from ali_keras.evaluation.few_labels.fitting import Counter
from ali_keras.evaluation.few_labels.labelled_data import labelled
from ali_keras.progress import silent

NUMBERS = (1, 5, 10, 50, 100, 500)
# Of the logistic regression, the inverse of the weight decay.
COSTS = tuple(10.0**exponent for exponent in range(-3, 3))
MAX_ITERATIONS = 1000


class Protocol(NamedTuple):
    """How many labels of a class, how many draws of each, which seed."""

    numbers: tuple = NUMBERS
    num_draws: int = 10
    seed: int = 0


def available(data, numbers=NUMBERS):
    """Returns those of the numbers for which each class has labels enough.

    Args:
        data: `LabelledData`.
        numbers: Integers, labels of a class.
    """
    _, most = draws.smallest_class(data.pool[1], data.num_classes)
    return tuple(number for number in numbers if number <= most)


def measure_model(model, config, data, protocol, progress=silent):
    """Measures the curves of z_mean, of the layer before z and of pixels.

    An encoder without the output `features` has no curve of it.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        data: `LabelledData`.
        protocol: `Protocol`.
        progress: Function as `progress.silent`.

    Returns:
        Dictionary for JSON. `curves` are those that `measure` returns.

    Raises:
        InputError: if a class has fewer labels than asked for.
    """
    outputs = {"z_mean": "z_mean", "features": "layer before z"}
    compared = [
        representations.of_encoder(title, model, name)
        for name, title in outputs.items()
        if name in model.encoder_ema.output
    ]
    compared.append(representations.of_pixels(data.pool[0].shape[1:]))
    return {
        "dataset": config.dataset,
        "seed": protocol.seed,
        "num_draws": protocol.num_draws,
        "num_classes": data.num_classes,
        "num_pool": len(data.pool[1]),
        "num_validation": len(data.validation[1]),
        "num_test": data.num_test,
        "curves": measure(compared, data, protocol, progress),
    }


def table(curves):
    """Formats curves as text for people, a line each."""
    numbers = curves[0]["num_per_class"]
    title = "test error, labels of each class:"
    lines = [f"{title:<36}" + "".join(f"{n:>9}" for n in numbers)]
    for curve in curves:
        name = f"{curve['classifier']}, {curve['representation']}"
        errors = "".join(f"{value:>9.2%}" for value in curve["mean"])
        note = ""
        if curve["num_not_converged"]:
            note = (
                f"   ({curve['num_not_converged']} of {curve['num_fits']} "
                "fits had not converged)"
            )
        lines.append(f"  {name:<34}{errors}{note}")
    return "\n".join(lines)


def measure(compared, data, protocol, progress=silent):
    """Measures the curves of 1-NN and of logistic regression.

    The cost of each logistic regression is chosen on the validation part, by
    a draw of its own.

    Args:
        compared: List of `Representation`s. Their rows of the pool's
            draws, of validation and of the test split are held in memory.
        data: `LabelledData`.
        protocol: `Protocol`.
        progress: Function as `progress.silent`.

    Returns:
        List of curves, dictionaries for JSON: `classifier`, `representation`,
        and lists with an entry for each number of labels: `num_per_class`,
        `mean` and `std` of the test errors, and for logistic regression
        `cost`; at last `num_fits` and `num_not_converged`.

    Raises:
        InputError: if a class has fewer labels than asked for.
    """
    draws.check(data.pool[1], max(protocol.numbers), data.num_classes)
    test = _join(labelled(data.test_batches()))
    validation = _join(labelled(data.validation_batches()))
    curves = []
    for representation in compared:
        curve = _Curve(representation, data, protocol, validation, test)
        for classifier in CLASSIFIERS:
            curves.append(curve.measure(classifier, progress))
    return curves


class _Curve:
    """The curves of one representation."""

    def __init__(self, representation, data, protocol, validation, test):
        self.representation = representation
        self.data = data
        self.protocol = protocol
        self.validation = representation.rows(validation[0]), validation[1]
        self.test = representation.rows(test[0]), test[1]

    def measure(self, name, progress):
        """Returns the curve of a classifier, a key of `CLASSIFIERS`."""
        numbers = self.protocol.numbers
        title = f"{name} on {self.representation.name}"
        counter = Counter()
        points = [
            self._point(number, CLASSIFIERS[name], counter)
            for number in progress(numbers, len(numbers), title)
        ]
        return {
            "classifier": name,
            "representation": self.representation.name,
            "num_per_class": list(numbers),
            **{key: [point[key] for point in points] for key in points[0]},
            **counter.results(),
        }

    def _point(self, number, classifier, counter):
        choices, fit = classifier
        cost = None
        if choices:
            labelled_set = self._draw(number, draws.CHOICE, 0)
            errors = [
                _error(fit(*labelled_set, choice, counter), *self.validation)
                for choice in choices
            ]
            cost = choices[int(np.argmin(errors))]
        rates = [
            _error(
                fit(*self._draw(number, draws.TEST, draw), cost, counter),
                *self.test,
            )
            for draw in range(self.protocol.num_draws)
        ]
        point = {"mean": float(np.mean(rates)), "std": float(np.std(rates))}
        return {**point, "cost": cost} if choices else point

    def _draw(self, number, *key):
        images, labels = self.data.pool
        places = draws.draw(
            labels, number, self.data.num_classes, self.protocol.seed, *key
        )
        return self.representation.rows(images[places]), labels[places]


def _fit_nearest_neighbour(rows, labels, cost, counter):
    del cost, counter

    def predict(queries):
        return labels[neighbours.find_nearest(rows, queries)]

    return predict


def _fit_logistic_regression(rows, labels, cost, counter):
    classifier = LogisticRegression(C=cost, max_iter=MAX_ITERATIONS)
    return counter.fit(classifier, rows, labels).predict


# By name: the costs to choose from, if there are any, and what fits one.
CLASSIFIERS = {
    "1-NN": ((), _fit_nearest_neighbour),
    "logistic regression": (COSTS, _fit_logistic_regression),
}


def _error(predict, rows, labels):
    return float(np.mean(predict(rows) != labels))


def _join(batches):
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)
