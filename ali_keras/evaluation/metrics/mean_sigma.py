"""How wide the posterior q(z|x) is, of an encoder that is Gaussian."""

import numpy as np

from ali_keras.evaluation.metric import Metric


def measure(needs):
    """Yields the mean standard deviation; of other encoders nothing."""
    if "z_log_sigma" in needs.query_codes:
        sigma = np.exp(needs.query_codes["z_log_sigma"])
        yield "mean_sigma", float(sigma.mean())


# It needs no labels itself. But of data without them, the results are the
# reconstruction error alone.
METRIC = Metric(
    measure,
    needs=("images", "labels", "codes"),
    titles={"mean_sigma": "mean sigma"},
)
