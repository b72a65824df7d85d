"""Draws images from a trained model.

python -m tools.generate --workdir=runs/demo --num_images=100

Writes a grid (png), or a data set to augment another: arrays of images and
their z (npz), or tf.train.Examples with a PNG image each (tfrecord). Points in
the plane are written as npz only. A grid holds up to 10,000 images. The other
formats hold any number: memory does not grow with it.
"""

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained

common_flags.declare(
    __name__, "workdir", "checkpoint", "output", "format", "seed", "num_images"
)


def main():
    """Loads the model, draws, writes one file."""
    from ali_keras.evaluation import batchwise
    from ali_keras.plotting import grids
    from ali_keras.progress import shown
    from ali_keras.writing import images as image_files

    path, form = common_flags.output("generated", "png", image_files.WRITERS)
    trained = Trained()
    path, model = trained.output(path), trained.model
    write = image_files.writer(form, model.bounded)
    number, seed = common_flags.NUM_IMAGES.value, common_flags.SEED.value
    if form == "png":
        grids.check_number(number)
    batches = batchwise.generate_batches(model, number, seed)
    total = batchwise.num_batches(number)
    write(path, number, shown(batches, total, f"Drawing {number:,} images"))
    print(f"Wrote {number} images to {path}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
