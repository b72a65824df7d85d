"""Interpolates between held-out images, linearly in z, originals at both ends.

python -m tools.interpolate --workdir=runs/demo --num_rows=10 --steps=8
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
NUM_ROWS = flags.DEFINE_integer(
    "num_rows",
    10,
    "Number of pairs of images.",
    lower_bound=1,
    upper_bound=MAX_INTEGER,
)
STEPS = flags.DEFINE_integer(
    "steps",
    8,
    "Decoded points of a row, both ends included.",
    lower_bound=2,
    upper_bound=1000,  # More make no picture.
)


def main():
    """Loads the model and held-out images, writes one picture."""
    from ali_keras.data.splits import load_held_out
    from ali_keras.plotting import grids

    path, _ = common_flags.output("interpolations", "png", ["png"])
    trained = Trained()
    path = trained.output(path)
    model, config = trained.model, trained.config
    grids.check_images(model)
    grids.check_number(NUM_ROWS.value * (STEPS.value + 2))
    held_out, labels = load_held_out(config, **common_flags.reading())
    images, labels = grids.choose_labelled(
        held_out,
        labels if model.condition else None,
        2 * NUM_ROWS.value,
        common_flags.SEED.value,
    )
    picture = grids.interpolations(model, images, STEPS.value, labels)
    grids.write_png(path, picture)
    print(f"Wrote {len(images) // 2} rows to {path}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
