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
MIXTURES = FOLDER / "mixtures"
BIGAN = FOLDER / "bigan"
ALICE = FOLDER / "alice"
ALICE_SWEEP = FOLDER / "alice_sweep"
MIXTURE_5 = FOLDER / "mixture_5"
NUM_POINTS = {"mixture_25": 100_000, "mixture_5": 2_048}  # To train on.
ACCURACY = "nearest_neighbour_accuracy"
THREE, FOUR = ".3f", ".4f"  # Decimals.
# Title, keys within metrics.json, format. A table has those that its runs have.
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


def main():
    """Prints the table of all runs, then those of the comparisons."""
    folders = {path.parents[1] for path in FOLDER.glob("**/seed_*")}
    print(*map(markdown, sorted(folders)), sep="\n\n")


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
    for title, keys, form in ROWS:
        cells = [_mean_and_spread(runs, keys, form) for runs in all_runs]
        if any(cells):
            yield title, [cell or "–" for cell in cells]


def _num_steps(run):
    config, metrics = run["config"], run["metrics"]
    num_images = metrics.get("num_gallery", NUM_POINTS.get(config["dataset"]))
    one_pass = num_images // config["batch_size"]
    return config["epochs"] * (config["steps_per_epoch"] or one_pass)


def _minutes(runs):
    seconds = [sum(run["history"]["seconds"]) for run in runs]
    return f"{np.mean(seconds) / 60:.1f}"


def _mean_and_spread(runs, keys, form):
    values = [run["metrics"] for run in runs]
    for key in keys:
        values = [value.get(key) for value in values if value]
    values = [value for value in values if value is not None]
    if not values:
        return ""
    mean, spread = format(np.mean(values), form), format(np.std(values), form)
    return f"{mean} ± {spread}" if len(values) > 1 else mean


if __name__ == "__main__":
    main()
