"""Draws a model of points in the plane."""

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from ali_keras import files
from ali_keras.evaluation import mixtures

NUM_POINTS = 2_000  # In each panel.


def draw(path, model, mixture, points, seed, labels=None):
    """Draws data, samples, reconstructions and codes, as one PNG file.

    Args:
        path: Path of the file.
        model: `ALI` of points in the plane.
        mixture: `GaussianMixture` of the data.
        points: Floats `(num_points, 1, 1, 2)`, held out. The first
            `NUM_POINTS` are drawn.
        seed: Integer. Fixes the samples and the codes' noise.
        labels: The points', for a conditional model.
    """
    points = points[:NUM_POINTS]
    if labels is not None:
        labels = labels[:NUM_POINTS]
    codes = model.encode(points, labels, sample=True, seed=seed).numpy()
    plot(
        path,
        mixture,
        _flat(points),
        _flat(model.generate(NUM_POINTS, seed)),
        _flat(model.reconstruct(points, labels)),
        codes,
    )


def plot(path, mixture, points, samples, reconstructions, codes):
    """Plots four panels. Colours are the modes that the data belong to.

    Args:
        path: Path of the PNG file.
        mixture: `GaussianMixture`.
        points: Array `(num_points, 2)`, the data.
        samples: Array `(num_samples, 2)`, in the colours of their own modes.
        reconstructions: Array like `points`, in the colours of the points.
        codes: Array `(num_points, latent_dim)`, in the same colours. The
            first two values of z are drawn.
    """
    figure = Figure(figsize=(9, 9), layout="constrained")
    data, drawn, rebuilt, latent = figure.subplots(2, 2).flat
    colours = _colours(mixture, points)
    for axes, title, values, colour in (
        (data, "data", points, colours),
        (drawn, "samples", samples, _colours(mixture, samples)),
        (rebuilt, "reconstructions", reconstructions, colours),
        (latent, "codes of the data", codes, colours),
    ):
        axes.scatter(values[:, 0], values[:, 1], s=3, c=colour)
        axes.set(title=title, aspect="equal")
    means = np.asarray(mixture.means)
    margin = 8 * mixture.stddev + 0.5
    for axes in (data, drawn, rebuilt):  # Equal axes, whatever outliers.
        axes.set_xlim(means[:, 0].min() - margin, means[:, 0].max() + margin)
        axes.set_ylim(means[:, 1].min() - margin, means[:, 1].max() + margin)
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=100)


def _flat(points):
    return np.reshape(points, (len(points), -1))


def _colours(mixture, points):
    # Large steps on the colour circle, so that neighbours differ.
    num_modes = len(mixture.means)
    hues = mixtures.modes(mixture, points) * 7 % num_modes / num_modes
    return colormaps["hsv"](hues)
