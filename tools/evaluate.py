"""Measures a trained model on held-out images, beside baselines.

python -m tools.evaluate --workdir=runs/demo

Writes metrics.json and, for images, neighbours.png; prints a table.
"""

from ali_keras.command_line import common_flags
from ali_keras.command_line import program

common_flags.declare(__name__, "workdir", "data_dir", "max_image_pixels")
NUM_NEIGHBOURS = 50


def main():
    """Loads model and data, measures, writes and prints."""
    from ali_keras import files
    from ali_keras.data.splits import load_splits
    from ali_keras.evaluation.evaluate import evaluate
    from ali_keras.evaluation.metrics_text import format_metrics
    from ali_keras.plotting import grids
    from ali_keras.progress import shown
    from ali_keras.training.workdir_files import list_files

    workdir = common_flags.workdir()
    model, config = workdir.load()
    splits = load_splits(config, **common_flags.reading(), progress=shown)
    metrics = evaluate(model, config, *splits, progress=shown)
    picture = None  # Points have no pictures to set side by side.
    if model.bounded:
        picture = _draw_neighbours(model, splits[0][0])
    with files.replacing(workdir.metrics) as temporary:  # Both or none.
        files.write_json(temporary, metrics)
        if picture is not None:
            grids.write_png(workdir.path / "neighbours.png", picture)
    print(format_metrics(metrics), list_files(workdir.path), sep="\n\n")


def _draw_neighbours(model, gallery):
    from ali_keras.evaluation.batchwise import generate
    from ali_keras.evaluation.neighbours import nearest_neighbours
    from ali_keras.plotting import grids

    samples = generate(model, NUM_NEIGHBOURS)
    neighbours = nearest_neighbours(gallery, samples)
    return grids.pairs(samples, neighbours)


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
