"""Reconstructs held-out images: odd columns originals, even columns G(E(x)).

python -m tools.reconstruct --workdir=runs/demo --num_pairs=50
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
    "seed",
    "max_image_pixels",
)
NUM_PAIRS = flags.DEFINE_integer(
    "num_pairs",
    50,
    "Number of images to reconstruct.",
    lower_bound=1,
    upper_bound=MAX_INTEGER,
)


def main():
    """Loads the model and held-out images, writes one picture."""
    from ali_keras.data.splits import load_held_out
    from ali_keras.plotting import grids

    path, _ = common_flags.output("reconstructions", "png", ["png"])
    trained = Trained()
    path = trained.output(path)
    model, config = trained.model, trained.config
    grids.check_images(model)
    grids.check_number(2 * NUM_PAIRS.value)
    held_out, _ = load_held_out(config, **common_flags.reading())
    images = grids.choose(held_out, NUM_PAIRS.value, common_flags.SEED.value)
    grids.write_png(path, grids.reconstructions(model, images))
    print(f"Wrote {len(images)} pairs to {path}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
