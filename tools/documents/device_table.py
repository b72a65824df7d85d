"""The table of results/tflite.jsonl: what each LiteRT form costs.

`export.tflite --check` measured the forms, a line of the file for each seed.
The table has the mean and the standard deviation over the seeds.
"""

import numpy as np

from ali_keras import markdown
from tools.documents import records

# Title, name of the metric, format.
COLUMNS = (
    ("1-NN, z_mean", "nearest_neighbour_accuracy", ".3f"),
    ("agreement of reconstructions", "reconstruction_agreement", ".3f"),
    ("reconstruction error (MSE)", "reconstruction_error", ".4f"),
)


def devices():
    """Returns the table of the forms' metrics over the seeds."""
    seeds = [
        run["metrics"]["forms"] for run in records.read(records.path("tflite"))
    ]
    rows = [
        [form, *(_cell(seeds, form, name, f) for _, name, f in COLUMNS)]
        for form in seeds[0]
    ]
    return markdown.table(["form", *(title for title, _, _ in COLUMNS)], rows)


def _cell(seeds, form, name, decimals):
    values = [forms[form][name] for forms in seeds]
    return f"{np.mean(values):{decimals}} ± {np.std(values):{decimals}}"
