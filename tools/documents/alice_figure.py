"""Draws docs/images/alice.png: what the cycle's weight does.

One panel has the error of held-out reconstructions, the other the score of
samples, against lambda: a line for each form of the cycle, mean and standard
deviation over the seeds of results/alice_sweep.jsonl. ALI, which has no cycle,
stands apart as lambda = 0.
"""

import collections
import pathlib

import numpy as np
from matplotlib.figure import Figure

from ali_keras import files
from tools.documents import records

PICTURE = pathlib.Path(__file__).parents[2] / "docs" / "images" / "alice.png"
ERROR, SCORE = "reconstruction_error", "classifier_score"
LABELS = {"l1": "L1", "l2": "L2", "adversarial": "adversarial"}


def read():
    """Reads the runs of results/alice_sweep.jsonl.

    Returns:
        Dictionary: for each pair of the cycle's form and weight, a list of
        the seeds' metrics. ALI is ("none", 0).
    """
    runs = collections.defaultdict(list)
    for run in records.read(records.path("alice_sweep")):
        form = run["config"]["cycle"]
        weight = 0.0 if form == "none" else run["config"]["cycle_weight"]
        runs[form, weight].append(run["metrics"])
    return dict(runs)


def draw(runs, path):
    """Draws the two panels.

    Args:
        runs: What `read` returned; at least ALI and one with a cycle.
        path: Path of the PNG file.
    """
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    error, score = figure.subplots(1, 2)
    for axes, name in ((error, ERROR), (score, SCORE)):
        _draw_lines(axes, runs, name)
    error.set(yscale="log", ylabel="held-out reconstruction error (MSE)")
    error.yaxis.set_major_formatter("{x:g}")
    error.yaxis.set_minor_formatter("{x:g}")
    score.set(ylabel="classifier score of samples")
    real = [m[f"{SCORE}_real"] for seeds in runs.values() for m in seeds]
    score.axhline(np.mean(real), color="grey", linestyle=":", label="real")
    score.legend()
    with files.replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)


def line(runs, form, name):
    """One form's means and standard deviations, in the order of lambda.

    Args:
        runs: What `read` returned.
        form: String, a form of the cycle.
        name: String, a metric.

    Returns:
        Three lists: weights, means, deviations.
    """
    weights = sorted(weight for other, weight in runs if other == form)
    values = [[m[name] for m in runs[form, weight]] for weight in weights]
    return weights, [np.mean(v) for v in values], [np.std(v) for v in values]


def _draw_lines(axes, runs, name):
    weights = sorted(weight for form, weight in runs if form != "none")
    # A logarithmic axis has no 0: ALI stands a decade to the left.
    place = weights[0] / 10
    _, means, deviations = line(runs, "none", name)
    axes.errorbar(
        [place], means, deviations, fmt="s", color="black", label="ALI"
    )
    for form, label in LABELS.items():
        if any(other == form for other, _ in runs):
            axes.errorbar(
                *line(runs, form, name), fmt="o-", capsize=3, label=label
            )
    # Between ALI and the rest, as where an axis is broken.
    axes.axvline(place * 10**0.5, color="lightgrey")
    axes.set(xscale="log", xlabel="weight of the cycle, lambda")
    ticks = [place, *sorted(set(weights))]
    axes.set_xticks(ticks, ["0", *(f"{w:g}" for w in ticks[1:])], minor=False)
    axes.minorticks_off()
