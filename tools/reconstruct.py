"""Reconstructs held-out images: odd columns originals, even columns G(E(x)).

python -m tools.reconstruct --workdir=runs/demo --num_pairs=50

A conditional model encodes each image with its own label. With --relabel=3 the
same z is decoded as another class.
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
RELABEL = flags.DEFINE_integer(
    "relabel",
    None,
    "Class to decode as, of a conditional model. Default: the image's own.",
    lower_bound=0,
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
    relabel = trained.check_class("--relabel", RELABEL.value)
    held_out, labels = load_held_out(config, **common_flags.reading())
    images, labels = grids.choose_labelled(
        held_out,
        labels if model.condition else None,
        NUM_PAIRS.value,
        common_flags.SEED.value,
    )
    picture = grids.reconstructions(model, images, labels, relabel)
    grids.write_png(path, picture)
    print(f"Wrote {len(images)} pairs to {path}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
