"""Draws images from a trained model.

python -m tools.generate --workdir=runs/demo --num_images=100

Writes a grid (png), or a data set to augment another: arrays of images and
their z (npz), or tf.train.Examples with a PNG image each (tfrecord). Points in
the plane are written as npz only.
"""

from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained

common_flags.declare(
    __name__, "workdir", "checkpoint", "output", "format", "seed"
)
NUM_IMAGES = flags.DEFINE_integer(
    "num_images", 100, "Number of images.", lower_bound=1
)


def main():
    """Loads the model, draws, writes one file."""
    from ali_keras.evaluation.batchwise import generate
    from ali_keras.writing import images as image_files

    path, form = common_flags.output("generated", "png", image_files.WRITERS)
    trained = Trained()
    path, model = trained.output(path), trained.model
    write = image_files.writer(form, model.bounded)
    seed = common_flags.SEED.value
    images = generate(model, NUM_IMAGES.value, seed)
    z = model.sample_prior(NUM_IMAGES.value, seed).numpy()
    write(path, images, z)
    print(f"Wrote {len(images)} images to {path}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
