"""Measures what labels buy: test error against labels of each class.

python -m tools.label_curve --workdir=runs/demo

Fits nearest neighbours and logistic regression to z_mean, to the layer before
z and to pixels, on 1, 5, 10, 50, 100 and 500 labels of each class, as many as
there are. Writes label_curve.json and label_curve.png. With --checkpoint the
names of both files end in the step.
"""

import pathlib

from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained
from ali_keras.errors import InputError

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
LABELS_PER_CLASS = flags.DEFINE_list(
    "labels_per_class",
    None,
    "Numbers of labelled images of each class, as 1,10,100. Default: those of "
    "1,5,10,50,100,500 for which there are labels enough.",
)


def main():
    """Loads model and data, measures, writes, draws and prints."""
    from ali_keras import files
    from ali_keras.evaluation.few_labels import label_curve
    from ali_keras.plotting import label_curves
    from ali_keras.progress import shown

    numbers = _numbers()
    path, _ = common_flags.output("label_curve", "json", ["json"])
    trained = Trained()
    path = pathlib.Path(trained.output(path))
    data = trained.labelled_data()
    numbers = numbers or label_curve.available(data)
    protocol = label_curve.Protocol(
        numbers, common_flags.NUM_DRAWS.value or 10, common_flags.SEED.value
    )
    results = label_curve.measure_model(
        trained.model, trained.config, data, protocol, shown
    )
    picture = path.with_suffix(".png")
    with files.replacing(path) as temporary:  # Both or none.
        files.write_json(temporary, {**results, "step": trained.step})
        label_curves.plot(picture, results["curves"])
    print(label_curve.table(results["curves"]))
    print(f"\nWrote {path} and {picture}.")


def _numbers():
    """Returns the numbers of --labels_per_class; `None` if not given."""
    texts = LABELS_PER_CLASS.value
    if texts is None:
        return None
    if not all(t.isdecimal() and t.isascii() and 0 < int(t) for t in texts) or (
        not texts
    ):
        raise InputError(
            "--labels_per_class must be integers above 0, as 1,10,100. "
            f"Received: {','.join(texts)}"
        )
    return tuple(sorted({int(text) for text in texts}))


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
