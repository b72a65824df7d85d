"""How far the codes of classes lie apart."""

import numpy as np

from ali_keras.evaluation.metric import Metric


def between_class_variance(codes, labels):
    """Share of the codes' total variance that lies between class means."""
    classes, members = np.unique(labels, return_inverse=True)
    means = np.stack([codes[labels == label].mean(0) for label in classes])
    return float(means[members].var(0).sum() / codes.var(0).sum())


def measure(needs):
    """Yields the share, of the queries' `z_mean`."""
    yield (
        "between_class_variance",
        between_class_variance(needs.query_codes["z_mean"], needs.labels),
    )


METRIC = Metric(
    measure,
    needs=("images", "labels", "codes"),
    titles={"between_class_variance": "between-class share of var(z_mean)"},
)
