"""Measures features by linear SVMs on few labels, as the paper on ALI does.

python -m tools.probe --workdir=runs/demo

Trains scikit-learn's LinearSVC on 100 labelled images of each class, 100 times
anew, and tests on the held-out split. Its cost is chosen on the last images of
the training split. Writes probe.json and prints a table: the error of the
encoder's features, of the same encoder untrained, of as many principal
components, and of pixels. With --checkpoint the file's name ends in the step.
"""

from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained
from ali_keras.settings import MAX_INTEGER

common_flags.declare(
    __name__,
    "workdir",
    "checkpoint",
    "output",
    "data_dir",
    "max_image_pixels",
    "seed",
    "num_validation",
    "num_draws",
)
FEATURES = flags.DEFINE_multi_enum(
    "features",
    ["code"],
    ["code", "paper", "z_mean"],
    "What the SVM is given; may be repeated. code: z_mean and the last three "
    "hidden layers, as in the authors' code. paper: layers that are as many "
    "numbers as the paper reports. z_mean: that alone.",
)
NUM_PER_CLASS = flags.DEFINE_integer(
    "num_per_class",
    100,
    "Labelled images of each class.",
    lower_bound=1,
    upper_bound=MAX_INTEGER,
)


def main():
    """Loads model and data, measures, writes and prints."""
    from ali_keras import files
    from ali_keras.evaluation.few_labels import probe
    from ali_keras.evaluation.few_labels.support_vectors import Protocol
    from ali_keras.progress import shown

    path, _ = common_flags.output("probe", "json", ["json"])
    trained = Trained()
    path = trained.output(path)
    data = trained.labelled_data()
    protocol = Protocol(
        NUM_PER_CLASS.value,
        common_flags.NUM_DRAWS.value or Protocol().num_draws,
        common_flags.SEED.value,
    )
    kinds = list(dict.fromkeys(FEATURES.value))
    results = probe.measure(
        trained.model, trained.config, data, kinds, protocol, shown
    )
    files.write_json(path, {**results, "step": trained.step})
    print(probe.table(results), f"Wrote {path}.", sep="\n\n")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
