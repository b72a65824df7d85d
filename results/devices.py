"""Prints what each LiteRT form costs: mean and spread over the seeds.

python -m results.devices

Reads results/tflite.json (seed 0) and results/tflite_seed_N.json, which
`export.tflite --check` wrote. docs/devices.md shows this program's output.
"""

import pathlib

import numpy as np

from ali_keras.files import read_json
from docs.markdown import table

FOLDER = pathlib.Path(__file__).parent
# Title, name of the figure, format.
COLUMNS = (
    ("1-NN, z_mean", "nearest_neighbour_accuracy", ".3f"),
    ("agreement of reconstructions", "reconstruction_agreement", ".3f"),
    ("reconstruction error (MSE)", "reconstruction_error", ".4f"),
)


def main():
    """Prints the table."""
    print(markdown(records()))


def records():
    """Reads the records, seed by seed."""
    return [read_json(path) for path in sorted(FOLDER.glob("tflite*.json"))]


def markdown(seeds):
    """Formats the forms' figures over the seeds.

    Args:
        seeds: List of records as `export.tflite --check` writes them.

    Returns:
        String, a Markdown table.
    """
    head = ["form", *(title for title, _, _ in COLUMNS)]
    forms = seeds[0]["forms"]
    rows = [
        [form, *(_cell(seeds, form, name, f) for _, name, f in COLUMNS)]
        for form in forms
    ]
    return table(head, rows)


def _cell(seeds, form, name, decimals):
    values = [record["forms"][form][name] for record in seeds]
    return f"{np.mean(values):{decimals}} ± {np.std(values):{decimals}}"


if __name__ == "__main__":
    main()
