"""Measures a trained model on held-out images, beside baselines.

python -m tools.evaluate --workdir=runs/demo

Writes metrics.json and, for images, neighbours.png; prints a table. With
--checkpoint the names of both files end in the step. With --split other images
are held out, such as a part of the training split by which settings are
chosen; --output is then the one file that is written.
"""

import numpy as np

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
    "split",
    "max_image_pixels",
)
NUM_NEIGHBOURS = 50


def main():
    """Loads model and data, measures, writes and prints."""
    from ali_keras import files
    from ali_keras.data.splits import load_splits
    from ali_keras.evaluation.evaluate import evaluate
    from ali_keras.evaluation.metrics_text import format_metrics
    from ali_keras.plotting import grids
    from ali_keras.progress import shown
    from ali_keras.workdir.file_list import list_files

    path, _ = common_flags.output("metrics", "json", ["json"])
    held_out, given = common_flags.SPLIT.value, common_flags.OUTPUT.value
    if held_out and not given:
        raise InputError("--output must be given with --split: a JSON file")
    trained = Trained()
    workdir, model, config = trained.workdir, trained.model, trained.config
    splits = load_splits(
        config, held_out=held_out, progress=shown, **common_flags.reading()
    )
    names = None
    if config.conditional == "attributes":
        names = trained.attribute_names("tools.evaluate")
    metrics = evaluate(
        model, config, *splits, progress=shown, attribute_names=names
    )
    picture = None  # Points have no pictures to set side by side.
    if model.bounded and not given:
        picture = _draw_neighbours(model, *splits[0])
    # Both or none.
    with files.replacing(trained.output(path)) as temporary:
        files.write_json(temporary, metrics)
        if picture is not None:
            beside = trained.beside(workdir.path / "neighbours.png")
            grids.write_png(beside, picture)
    written = f"Wrote {path}." if given else list_files(workdir.path)
    print(format_metrics(metrics), written, sep="\n\n")


def _draw_neighbours(model, gallery, labels):
    from ali_keras.evaluation.batchwise import generate
    from ali_keras.evaluation.neighbours import nearest_neighbours
    from ali_keras.plotting import grids

    if model.num_classes:
        labels = None  # Classes in turn.
    elif model.condition:
        labels = np.resize(labels, (NUM_NEIGHBOURS, *labels.shape[1:]))
    samples = generate(model, NUM_NEIGHBOURS, labels=labels)
    neighbours = nearest_neighbours(gallery, samples)
    return grids.pairs(samples, neighbours)


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
