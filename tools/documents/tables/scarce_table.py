"""The table of results/scarce_class.jsonl, of `benchmarks.scarce_class`.

A line of the file is a class with a seed. The table has the recall of each
class and, below, what all classes of a data set have on average, each as mean
and standard deviation.
"""

import numpy as np

from ali_keras import markdown
from tools.documents import records

NOTHING = "*Not measured yet.*"


def scarce_class():
    """Returns the table of how well each class is found, by what fills it."""
    path = records.path("scarce_class")
    if not path.exists():
        return NOTHING
    metrics = [run["metrics"] for run in records.read(path)]
    titles = ["data set", "measured", "class", *metrics[0]["sets"]]
    datasets = sorted({each["dataset"] for each in metrics})
    rows = []
    for dataset in datasets:
        own = [each for each in metrics if each["dataset"] == dataset]
        for label in sorted({each["class"] for each in own}):
            runs = [each for each in own if each["class"] == label]
            rows.append(_row(runs, dataset, "recall", label))
        for name in ("recall", "precision", "accuracy"):
            rows.append(_row(own, dataset, name, "all"))
    return markdown.table(titles, rows)


def _row(runs, dataset, name, label):
    cells = [_cell(runs, way, name) for way in runs[0]["sets"]]
    return [f"`{dataset}`", name, label, *cells]


def _cell(runs, way, name):
    values = [run["sets"][way][name] for run in runs]
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"
