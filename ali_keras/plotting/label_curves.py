"""Draws what labels buy: test error against the number of labels."""

from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from ali_keras import files

MARKERS = ("o-", "s--", "^:", "D-.")


def plot(path, curves):
    """Plots curves of mean and standard deviation, as one PNG file.

    A colour stands for a representation, a line's style for a classifier.

    Args:
        path: Path of the file.
        curves: List of dictionaries as `label_curve.measure` returns them.
            Others may stand beside them: `classifier` and `representation`
            are names, `num_per_class`, `mean` and `std` are lists.
    """
    figure = Figure(figsize=(6.5, 4.5), layout="constrained")
    axes = figure.subplots()
    colours = _places(curve["representation"] for curve in curves)
    styles = _places(curve["classifier"] for curve in curves)
    for curve in curves:
        axes.errorbar(
            curve["num_per_class"],
            [100 * value for value in curve["mean"]],
            [100 * value for value in curve["std"]],
            fmt=MARKERS[styles[curve["classifier"]] % len(MARKERS)],
            color=f"C{colours[curve['representation']]}",
            capsize=3,
            label=f"{curve['classifier']}, {curve['representation']}",
        )
    axes.set(xscale="log", xlabel="labels of each class")
    axes.set(ylabel="test error (%)", ylim=(0, None))
    numbers = {n for curve in curves for n in curve["num_per_class"]}
    axes.set_xticks(sorted(numbers))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=120)


def _places(names):
    """Numbers names in the order in which they first appear."""
    return {name: place for place, name in enumerate(dict.fromkeys(names))}
