"""Measures a trained model on held-out images, beside baselines.

python -m tools.evaluate --workdir=runs/demo

Writes metrics.json and, for images, neighbours.png; prints a table. With
--checkpoint the names of both files end in the step.
"""

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained

common_flags.declare(
    __name__, "workdir", "checkpoint", "data_dir", "max_image_pixels"
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

    trained = Trained()
    workdir, model, config = trained.workdir, trained.model, trained.config
    splits = load_splits(config, **common_flags.reading(), progress=shown)
    metrics = evaluate(model, config, *splits, progress=shown)
    picture = None  # Points have no pictures to set side by side.
    if model.bounded:
        picture = _draw_neighbours(model, *splits[0])
    # Both or none.
    with files.replacing(trained.beside(workdir.metrics)) as temporary:
        files.write_json(temporary, metrics)
        if picture is not None:
            path = trained.beside(workdir.path / "neighbours.png")
            grids.write_png(path, picture)
    print(format_metrics(metrics), list_files(workdir.path), sep="\n\n")


def _draw_neighbours(model, gallery, labels):
    from ali_keras.evaluation.batchwise import generate
    from ali_keras.evaluation.neighbours import nearest_neighbours
    from ali_keras.plotting import grids

    if model.num_classes:
        labels = None  # Classes in turn.
    samples = generate(model, NUM_NEIGHBOURS, labels=labels)
    neighbours = nearest_neighbours(gallery, samples)
    return grids.pairs(samples, neighbours)


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
