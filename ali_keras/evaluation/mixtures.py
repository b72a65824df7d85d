"""How well a model has learned a mixture of Gaussians, whose truth is known.

Points come as float arrays `(num_points, 2)`, in the mixture's own units. A
point belongs to the mode that is most responsible for it: with components of
equal weight and width, the one whose mean is nearest.
"""

import re

import numpy as np

from ali_keras.datasets.gaussian_mixtures import MIXTURES
from ali_keras.evaluation import inception_score

RADIUS = 4  # Standard deviations around a mean that count as within a mode.


def find(dataset):
    """Returns the `GaussianMixture` of a TFDS name, or `None`."""
    return MIXTURES.get(re.split("[/:]", dataset)[0])


def responsibilities(mixture, points):
    """Computes p(k|x), the posterior of each component.

    Args:
        mixture: `GaussianMixture`.
        points: Array `(num_points, 2)`.

    Returns:
        float64 array `(num_points, num_modes)`; each row sums to 1.
    """
    logits = -_squared_distances(mixture, points) / (2 * mixture.stddev**2)
    # Far from all means, all densities would round to 0.
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def modes(mixture, points):
    """Returns the number of the mode that each point belongs to."""
    return _squared_distances(mixture, points).argmin(axis=1)


def mode_shares(mixture, samples):
    """Share of the samples that belongs to each mode.

    A mode with any share is covered, in the sense of Dumoulin et al. (2017),
    section 4.6: their ALI covers 13.4 +- 5.8 of 25 with 10,000 samples.

    Args:
        mixture: `GaussianMixture`.
        samples: Array `(num_samples, 2)`.

    Returns:
        Array `(num_modes,)`, which sums to 1.
    """
    counts = np.bincount(modes(mixture, samples), minlength=len(mixture.means))
    return counts / len(samples)


def within_radius(mixture, samples):
    """Share of the samples within `RADIUS` standard deviations of a mean.

    Of the mixture's own points it is `1 - exp(-RADIUS^2 / 2)`, 0.9997.
    """
    nearest = _squared_distances(mixture, samples).min(axis=1)
    return float(np.mean(nearest <= (RADIUS * mixture.stddev) ** 2))


def own_mode(mixture, points, reconstructions):
    """Share of the points whose reconstruction belongs to the same mode."""
    same = modes(mixture, points) == modes(mixture, reconstructions)
    return float(np.mean(same))


def score(mixture, samples):
    """Computes the Inception score with the true posterior as classifier.

    As Li et al. (2017) on their toy data. It lies between 1 and the number of
    modes.
    """
    posterior = responsibilities(mixture, samples)
    return inception_score.from_probabilities(posterior)


def _squared_distances(mixture, points):
    offsets = points[:, np.newaxis] - np.asarray(mixture.means)
    return np.sum(offsets**2, axis=-1)
