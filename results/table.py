"""Prints results/ as a Markdown table: mean and spread over the seeds.

python -m results.table

Each folder results/NAME/seed_N holds what one run wrote: config.json,
training.json (command, commit, versions, machine), history.json and
metrics.json. The README's table is this program's output.
"""

import pathlib

import numpy as np

from ali_keras.files import read_json

FOLDER = pathlib.Path(__file__).parent
ABLATIONS = FOLDER / "ablations"
PRECISION = FOLDER / "precision"
ACCURACY = "nearest_neighbour_accuracy"
ROWS = (
    ("1-NN, z_mean", (ACCURACY, "z_mean")),
    ("… encoder untrained", (ACCURACY, "z_mean_untrained")),
    ("1-NN, layer before z", (ACCURACY, "features")),
    ("… encoder untrained", (ACCURACY, "features_untrained")),
    ("1-NN, raw pixels", (ACCURACY, "pixels")),
    ("agreement of reconstructions", ("reconstruction_agreement",)),
    ("… ceiling: the classifier itself", ("classifier_accuracy",)),
    ("smallest class of 1,000 samples", ("smallest_class_share",)),
    ("between-class share of var(z_mean)", ("between_class_variance",)),
    ("mean sigma", ("mean_sigma",)),
)


def main():
    """Prints the table of all runs, then those of the comparisons."""
    print(markdown(), markdown(ABLATIONS), markdown(PRECISION), sep="\n\n")


def markdown(folder=FOLDER):
    """Returns the table of all runs under a folder."""
    runs = {path.name: _read_runs(path) for path in _run_folders(folder)}
    lines = [
        "| | " + " | ".join(f"`{name}`" for name in runs) + " |",
        "|---" * (len(runs) + 1) + "|",
    ]
    for title, cells in _rows(runs.values()):
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return "\n".join(lines)


def _run_folders(folder):
    return sorted(p for p in folder.iterdir() if any(p.glob("seed_*")))


def _read_runs(path):
    names = ("config", "training", "history", "metrics")
    return [
        {name: read_json(seed / f"{name}.json") for name in names}
        for seed in sorted(path.glob("seed_*"))
    ]


def _rows(all_runs):
    for title, value in (
        ("seeds", lambda runs: str(len(runs))),
        ("steps", lambda runs: f"{_num_steps(runs[0]):,}"),
        ("minutes of training", _minutes),
    ):
        yield title, [value(runs) for runs in all_runs]
    for title, keys in ROWS:
        yield title, [_mean_and_spread(runs, keys) for runs in all_runs]


def _num_steps(run):
    config, metrics = run["config"], run["metrics"]
    one_pass = metrics["num_gallery"] // config["batch_size"]
    return config["epochs"] * (config["steps_per_epoch"] or one_pass)


def _minutes(runs):
    seconds = [sum(run["history"]["seconds"]) for run in runs]
    return f"{np.mean(seconds) / 60:.1f}"


def _mean_and_spread(runs, keys):
    values = [run["metrics"] for run in runs]
    for key in keys:
        values = [value[key] for value in values]
    mean, spread = np.mean(values), np.std(values)
    return f"{mean:.3f}" + (f" ± {spread:.3f}" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
