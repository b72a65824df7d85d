"""The linear SVM of Dumoulin et al. (2017), section 4.2, on few labels.

As in the authors' code (experiments/semi_supervised_svhn.py): scikit-learn's
`LinearSVC` (squared hinge, L2), on sets with as many labels of each class.
The cost is chosen once, on the validation part. Then many sets are drawn, and
an SVM of each is tested. Nothing is scaled.
"""

from typing import NamedTuple

import numpy as np
from sklearn.svm import LinearSVC

from ali_keras.evaluation.batchwise import num_batches
from ali_keras.evaluation.few_labels import draws
from ali_keras.evaluation.few_labels.fitting import Counter
from ali_keras.evaluation.few_labels.labelled_data import labelled
from ali_keras.progress import silent

COSTS = np.exp(np.linspace(-20, 20, 50))
NUM_VALIDATION_DRAWS = 10


class Protocol(NamedTuple):
    """How many labels are drawn, how often, and from which seed."""

    num_per_class: int = 100
    num_draws: int = 100
    seed: int = 0


class Fitted(NamedTuple):
    """The SVMs of one representation, all that is known before the test.

    Attributes:
        representation: `Representation`.
        machines: List of `LinearSVC`s, one a draw.
        results: Dictionary for JSON, so far.
    """

    representation: object
    machines: list
    results: dict


def measure(representations, data, protocol, progress=silent):
    """Fits the SVMs of all representations, then reads the test split once.

    Args:
        representations: List of `Representation`s.
        data: `LabelledData`.
        protocol: `Protocol`.
        progress: Function as `progress.silent`.

    Returns:
        Dictionary by the representations' names of dictionaries:
        `num_features`, `cost`, `validation_error` (the lowest, on the one set
        that the cost was chosen by), `validation_error_mean` and `_std` of
        `NUM_VALIDATION_DRAWS` sets, `mean` and `std` of the test errors, and
        `num_fits` and `num_not_converged` of all fits.

    Raises:
        InputError: if a class has fewer labels than asked for.
    """
    fitted = [fit(each, data, protocol, progress) for each in representations]
    batches = labelled(data.test_batches())
    errors = count_errors(fitted, batches, data.num_test, progress)
    return {
        each.representation.name: {
            **each.results,
            "mean": float(np.mean(rates)),
            "std": float(np.std(rates)),
        }
        for each, rates in zip(fitted, errors, strict=True)
    }


def fit(representation, data, protocol, progress=silent):
    """Chooses the cost on validation and fits an SVM to each draw.

    Arguments as `measure`, of one representation.

    Returns:
        `Fitted`.
    """
    trainer = _Trainer(representation, data, protocol)
    name = representation.name
    num = len(COSTS)
    title = f"Choosing the cost of SVMs on {name}"
    rows = trainer.draw(draws.CHOICE, 0)
    choices = [trainer.fit(*rows, c) for c in progress(COSTS, num, title)]
    validation = trainer.validation_errors(choices)
    cost = COSTS[np.argmin(validation)]  # The smallest of equally good ones.
    total = NUM_VALIDATION_DRAWS + protocol.num_draws
    keys = [(draws.VALIDATION, n) for n in range(NUM_VALIDATION_DRAWS)]
    keys += [(draws.TEST, n) for n in range(protocol.num_draws)]
    title = f"Fitting {total} SVMs to {name}"
    machines = [
        trainer.fit(*trainer.draw(*key), cost)
        for key in progress(keys, total, title)
    ]
    repeats = trainer.validation_errors(machines[:NUM_VALIDATION_DRAWS])
    results = {
        "num_features": representation.num_features,
        "cost": float(cost),
        "validation_error": float(np.min(validation)),
        "validation_error_mean": float(np.mean(repeats)),
        "validation_error_std": float(np.std(repeats)),
        **trainer.counter.results(),
    }
    return Fitted(representation, machines[NUM_VALIDATION_DRAWS:], results)


class _Trainer:
    """Draws labelled sets of one representation, fits SVMs and counts them."""

    def __init__(self, representation, data, protocol):
        self.representation = representation
        self.data = data
        self.protocol = protocol
        self.counter = Counter()

    def draw(self, *key):
        """Returns the features and the labels of a draw."""
        images, labels = self.data.pool
        places = draws.draw(
            labels,
            self.protocol.num_per_class,
            self.data.num_classes,
            self.protocol.seed,
            *key,
        )
        return self.representation.rows(images[places]), labels[places]

    def fit(self, rows, labels, cost):
        """Fits one SVM."""
        machine = LinearSVC(C=cost, random_state=self.protocol.seed)
        return self.counter.fit(machine, rows, labels)

    def validation_errors(self, machines):
        """Returns each SVM's error on the validation part."""
        each = Fitted(self.representation, machines, {})
        batches = labelled(self.data.validation_batches())
        [errors] = count_errors([each], batches, 0)
        return errors


def count_errors(fitted, batches, num_images, progress=silent):
    """Tests all SVMs on one pass over labelled images.

    Args:
        fitted: List of `Fitted`.
        batches: Iterator of images and labels.
        num_images: Integer, for the progress bar.
        progress: Function as `progress.silent`.

    Returns:
        List of arrays: for each `Fitted` the error of its SVMs.
    """
    wrong = [np.zeros(len(each.machines)) for each in fitted]
    num_seen = 0
    total = num_batches(num_images)
    title = f"Testing on {num_images:,} images"
    for images, labels in progress(batches, total, title):
        num_seen += len(labels)
        for counts, each in zip(wrong, fitted, strict=True):
            # Once for all: an SVM computes in float64.
            rows = each.representation.rows(images).astype("float64")
            counts += [
                np.count_nonzero(machine.predict(rows) != labels)
                for machine in each.machines
            ]
    return [counts / num_seen for counts in wrong]
