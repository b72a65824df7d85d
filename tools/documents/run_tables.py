"""The tables of trainings: mean and standard deviation over the seeds.

A table has a column for each name in a file of results/, and a row for each
metric that its runs have.
"""

import numpy as np

from ali_keras import markdown
from tools.documents import records

# Experiments whose runs stand in one table, by the name in the markers.
TABLES = {
    "results": ("mnist", "mnist_5k"),
    "ablations": ("ablations",),
    "precision": ("precision",),
    "mixtures": ("mixtures",),
    "bigan": ("bigan",),
    "alice": ("alice",),
    "alice_sweep": ("alice_sweep",),
    "mixture_5": ("mixture_5",),
}
NUM_POINTS = {"mixture_25": 100_000, "mixture_5": 2_048}  # To train on.
ACCURACY = "nearest_neighbour_accuracy"
THREE, FOUR = ".3f", ".4f"  # Decimals.
# Title, keys within `metrics`, format.
ROWS = (
    ("modes covered", ("modes_covered",), ".1f"),
    ("share of samples within 4 sigma", ("within_radius",), THREE),
    ("smallest share of a mode", ("smallest_mode_share",), THREE),
    ("reconstructions in their own mode", ("own_mode",), THREE),
    ("score of samples, by the true posterior", ("inception_score",), ".2f"),
    ("1-NN, z_mean", (ACCURACY, "z_mean"), THREE),
    ("… encoder untrained", (ACCURACY, "z_mean_untrained"), THREE),
    ("1-NN, layer before z", (ACCURACY, "features"), THREE),
    ("… encoder untrained", (ACCURACY, "features_untrained"), THREE),
    ("1-NN, raw pixels", (ACCURACY, "pixels"), THREE),
    ("reconstruction error (MSE)", ("reconstruction_error",), FOUR),
    ("agreement of reconstructions", ("reconstruction_agreement",), THREE),
    ("… ceiling: the classifier itself", ("classifier_accuracy",), THREE),
    ("smallest class of 1,000 samples", ("smallest_class_share",), THREE),
    ("classifier score of 1,000 samples", ("classifier_score",), ".2f"),
    ("… of 1,000 held-out images", ("classifier_score_real",), ".2f"),
    (
        "between-class share of var(z_mean)",
        ("between_class_variance",),
        THREE,
    ),
    ("mean sigma", ("mean_sigma",), THREE),
)


def runs(*experiments):
    """Returns the table of all runs of some experiments.

    Args:
        *experiments: Strings, names of files in results/ without ".jsonl".
    """
    read = [
        run
        for experiment in experiments
        for run in records.read(records.path(experiment))
    ]
    groups = records.by_name(read)
    titles = ["", *(f"`{name}`" for name in groups)]
    return markdown.table(titles, _rows(groups.values()), compact=True)


def _rows(groups):
    for title, value in (
        ("seeds", lambda group: len(group)),
        ("steps", lambda group: f"{_num_steps(group[0]):,}"),
        ("minutes of training", _minutes),
    ):
        yield [title, *map(value, groups)]
    for title, keys, form in ROWS:
        cells = [_mean_and_spread(group, keys, form) for group in groups]
        if any(cells):
            yield [title, *(cell or "–" for cell in cells)]


def _num_steps(run):
    config, metrics = run["config"], run["metrics"]
    num_images = metrics.get("num_gallery", NUM_POINTS.get(config["dataset"]))
    one_pass = num_images // config["batch_size"]
    return config["epochs"] * (config["steps_per_epoch"] or one_pass)


def _minutes(group):
    return f"{np.mean([run['seconds'] for run in group]) / 60:.1f}"


def _mean_and_spread(group, keys, form):
    values = [run["metrics"] for run in group]
    for key in keys:
        values = [value.get(key) for value in values if value]
    values = [value for value in values if value is not None]
    if not values:
        return ""
    mean, spread = format(np.mean(values), form), format(np.std(values), form)
    return f"{mean} ± {spread}" if len(values) > 1 else mean
