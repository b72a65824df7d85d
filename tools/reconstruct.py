"""Reconstructs held-out images: odd columns originals, even columns G(E(x)).

python -m tools.reconstruct --workdir=runs/demo --num_pairs=50

A conditional model encodes each image with its own label. With --relabel=3 the
same z is decoded as another class. With --attributes='unchanged;Eyeglasses' a
row is an original, then its z under its own attributes changed so, one setting
a column.
"""

from absl import flags

from ali_keras.command_line import attribute_flags
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
    "attributes",
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
    relabel = trained.check_class("--relabel", RELABEL.value)
    settings = _settings(trained)
    grids.check_number(NUM_PAIRS.value * (1 + max(1, len(settings))))
    held_out, labels = load_held_out(config, **common_flags.reading())
    images, labels = grids.choose_labelled(
        held_out,
        labels if model.condition else None,
        NUM_PAIRS.value,
        common_flags.SEED.value,
    )
    if settings:
        told = attribute_flags.applied(settings, labels)
        picture, what = grids.variations(model, images, labels, told), "rows"
    else:
        picture = grids.reconstructions(model, images, labels, relabel)
        what = "pairs"
    grids.write_png(path, picture)
    print(f"Wrote {len(images)} {what} to {path}.")


def _settings(trained):
    """Reads and prints the settings of attributes, a list; empty of none."""
    text, flag = common_flags.ATTRIBUTES.value, "--attributes"
    if not text:
        return []
    names = trained.attribute_names(flag)
    settings = attribute_flags.parse(flag, text, names, attribute_flags.COLUMNS)
    print(attribute_flags.listed("Columns, after the original", settings))
    return settings


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
