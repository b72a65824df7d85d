"""The table of classifiers of few labels: ALI's discriminator, and baselines.

Runs of `tools.train` are named DATASET_LABELS, those of
`benchmarks.few_labels` DATASET_LABELS_METHOD.
"""

import numpy as np

from ali_keras import markdown
from tools.documents import records

TITLES = (
    "data set",
    "labels",
    "ALI with classes",
    "pseudo-labels",
    "the labels alone",
)
NOTHING = "*Not measured yet.*"
METHODS = ("", "_pseudo_labels", "_labels")


def few_labels():
    """Returns a table of the test errors, with the minutes of training."""
    paths = [records.path(x) for x in ("semi_supervised", "few_labels")]
    if not all(path.exists() for path in paths):
        return NOTHING
    trained, others = (records.by_name(records.read(path)) for path in paths)
    groups = {**others, **trained}
    return markdown.table(TITLES, [_row(name, groups) for name in trained])


def _row(name, groups):
    dataset, num_labels = name.rsplit("_", 1)
    cells = [_cell(groups.get(name + method)) for method in METHODS]
    return [f"`{dataset}`", f"{int(num_labels):,}", *cells]


def _cell(runs):
    if not runs:
        return "–"
    errors = [100 * error_of(run) for run in runs]
    minutes = np.mean([run["seconds"] for run in runs]) / 60
    spread = f" ± {np.std(errors):.2f}" if len(runs) > 1 else ""
    return f"{np.mean(errors):.2f}{spread} % ({minutes:.0f} min)"


def error_of(run):
    """Returns the error of a run, with the mean of q(z|x) where it has z."""
    errors = run["metrics"]["classification_error"]
    return errors.get("z_mean", errors.get("z_zero"))
