"""What `Client.encode` returns."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class Encoding(NamedTuple):
    """What an encoder says of images.

    Attributes:
        z_mean: float32 array `(batch, latent_dim)`.
        z_log_sigma: The same, or `None` of a deterministic encoder.
    """

    z_mean: np.ndarray
    z_log_sigma: np.ndarray | None


def from_outputs(outputs: Mapping[str, np.ndarray]) -> Encoding:
    """Takes an `Encoding` out of the outputs of a signature."""
    return Encoding(outputs["z_mean"], outputs.get("z_log_sigma"))
