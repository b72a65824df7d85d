"""How well a model has learned the modes of a known mixture of Gaussians."""

import numpy as np

from ali_keras.evaluation import mixtures
from ali_keras.evaluation.batchwise import as_rows
from ali_keras.evaluation.metric import Metric


def measure(needs):
    """Yields what samples and reconstructions have to do with the modes."""
    mixture, samples = needs.mixture, as_rows(needs.samples)
    points, rebuilt = as_rows(needs.queries), as_rows(needs.reconstructions)
    shares = mixtures.mode_shares(mixture, samples)
    yield "num_samples", len(samples)
    yield "num_queries", len(points)
    yield "num_modes", len(mixture.means)
    yield "modes_covered", int(np.count_nonzero(shares))
    yield "within_radius", mixtures.within_radius(mixture, samples)
    yield "smallest_mode_share", float(shares.min())
    yield "inception_score", mixtures.score(mixture, samples)
    yield "own_mode", mixtures.own_mode(mixture, points, rebuilt)


def measure_shares(needs):
    """Yields the share of each mode among the samples, as a list."""
    shares = mixtures.mode_shares(needs.mixture, as_rows(needs.samples))
    yield "mode_shares", shares.tolist()


METRIC = Metric(
    measure,
    needs=("mixture", "samples", "reconstructions"),
    titles={
        "modes_covered": "modes covered",
        "within_radius": "samples within 4 sigma of a mode",
        "smallest_mode_share": "smallest share of a mode",
        "inception_score": "inception score, true posterior",
        "own_mode": "points reconstructed into their mode",
    },
    heading=(
        "{num_samples} samples of {num_modes} modes, {num_queries} held-out "
        "points"
    ),
)
SHARES = Metric(measure_shares, needs=("mixture", "samples"))
