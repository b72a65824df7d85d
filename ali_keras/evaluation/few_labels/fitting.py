"""Fitting scikit-learn's classifiers, with an eye on convergence."""

import warnings

from sklearn.exceptions import ConvergenceWarning


class Counter:
    """Fits classifiers and counts them.

    Attributes:
        num_fits: Integer.
        num_not_converged: Integer. Fits of which scikit-learn warned that they
            had not converged.
    """

    def __init__(self):
        self.num_fits = 0
        self.num_not_converged = 0

    def fit(self, classifier, rows, labels):
        """Fits a classifier and returns it. Other warnings are passed on."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            classifier.fit(rows, labels)
        is_convergence = [
            issubclass(each.category, ConvergenceWarning) for each in caught
        ]
        self.num_fits += 1
        self.num_not_converged += any(is_convergence)
        for each, is_known in zip(caught, is_convergence, strict=True):
            if not is_known:
                warnings.warn(each.message, each.category, stacklevel=2)
        return classifier

    def results(self):
        """Returns both counts, as a dictionary for JSON."""
        return {
            "num_fits": self.num_fits,
            "num_not_converged": self.num_not_converged,
        }
