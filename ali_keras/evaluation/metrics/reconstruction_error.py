"""The mean squared error of reconstructions of held-out data."""

import numpy as np

from ali_keras.evaluation import batchwise
from ali_keras.evaluation.metric import Metric


def measure(needs):
    """Yields the mean over all values: pixels in [0, 1], or coordinates."""
    errors = batchwise.squared_errors(needs.queries, needs.reconstructions)
    yield "reconstruction_error", float(np.mean(errors))


METRIC = Metric(
    measure,
    needs=("reconstructions",),
    titles={"reconstruction_error": "reconstruction error (MSE)"},
)
