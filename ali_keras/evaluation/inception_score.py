"""The Inception score's formula, for any classifier (Salimans et al., 2016)."""

import numpy as np


def from_probabilities(probabilities):
    """Computes `exp(E KL(p(y|x) || p(y)))`.

    It lies between 1 and the number of classes, and is high where each sample
    is surely of one class and all classes are as frequent.

    Args:
        probabilities: Array `(num_samples, num_classes)`, p(y|x) of each
            sample.

    Returns:
        Float.
    """
    # The mean divergence from the mean is a difference of entropies.
    divergence = _entropy(probabilities.mean(axis=0))
    divergence -= _entropy(probabilities).mean()
    return float(np.exp(divergence))


def _entropy(probabilities):
    # 0 log 0 is 0.
    logarithms = np.log(np.where(probabilities > 0, probabilities, 1.0))
    return -np.sum(probabilities * logarithms, axis=-1)
