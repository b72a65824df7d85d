"""The tables of trainings: mean and standard deviation over the seeds.

A table has a column for each name in a file of results/, and a row for each
result of theirs that has a title, in the order of `evaluation.metrics`.
"""

import numpy as np

from ali_keras import markdown
from ali_keras.evaluation import metrics_text
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
    "conditional": ("conditional",),
}
NUM_POINTS = {"mixture_25": 100_000, "mixture_5": 2_048}  # To train on.
# Decimals of the results, by name, where they are not DECIMALS.
DECIMALS = 3
OTHER_DECIMALS = {
    "modes_covered": 1,
    "inception_score": 2,
    "classifier_score": 2,
    "classifier_score_real": 2,
    "reconstruction_error": 4,
}


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
    for path in metrics_text.titles():
        cells = [
            mean_and_spread(_values(group, path), path) for group in groups
        ]
        if any(cells):
            yield [_title(path, groups), *(cell or "–" for cell in cells)]


def _num_steps(run):
    config, metrics = run["config"], run["metrics"]
    num_images = metrics.get("num_gallery", NUM_POINTS.get(config["dataset"]))
    one_pass = num_images // config["batch_size"]
    return config["epochs"] * (config["steps_per_epoch"] or one_pass)


def _minutes(group):
    return f"{np.mean([run['seconds'] for run in group]) / 60:.1f}"


def _values(group, path):
    values = [metrics_text.look_up(run["metrics"], path) for run in group]
    return [value for value in values if value is not None]


def _title(path, groups):
    # A baseline's title begins with spaces, which Markdown would not show.
    metrics = next(group for group in groups if _values(group, path))[0]
    title = metrics_text.fill_title(path, metrics["metrics"])
    return f"… {title.strip()}" if title.startswith(" ") else title


def mean_and_spread(values, path):
    """Writes the mean of a result, with the standard deviation of several.

    Args:
        values: Sequence of the result's values.
        path: The result's name, a key of `metrics_text.titles`.

    Returns:
        String; empty if there are no values.
    """
    if not values:
        return ""
    form = f".{OTHER_DECIMALS.get(path, DECIMALS)}f"
    mean, spread = format(np.mean(values), form), format(np.std(values), form)
    return f"{mean} ± {spread}" if len(values) > 1 else mean
