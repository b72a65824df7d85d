"""Encodes a split of a TFDS data set: z_mean, z_log_sigma, a draw z, features.

python -m tools.encode --workdir=runs/demo --split=test

Streams: memory does not grow with the split. Examples keep the order in which
TFDS stores them.
"""

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained

common_flags.declare(
    __name__,
    "workdir",
    "checkpoint",
    "output",
    "format",
    "dataset",
    "data_dir",
    "split",
    "seed",
    "max_image_pixels",
)


def main():
    """Loads the model, encodes batch by batch, writes one file."""
    from ali_keras.evaluation.batchwise import num_batches
    from ali_keras.evaluation.encode_split import encode_split
    from ali_keras.progress import shown
    from ali_keras.writing import codes

    path, form = common_flags.output("encoded", "npz", codes.WRITERS)
    trained = Trained()
    path = trained.output(path)
    model, config = trained.model, trained.config
    config = config.replace(
        dataset=common_flags.DATASET.value or config.dataset,
        data_dir=common_flags.DATA_DIR.value or config.data_dir,
    )
    num_examples, batches = encode_split(
        model,
        config,
        common_flags.SPLIT.value,
        common_flags.SEED.value,
        common_flags.max_image_pixels(),
    )
    title = f"Encoding {num_examples:,} images"
    batches = shown(batches, num_batches(num_examples), title)
    codes.WRITERS[form](path, num_examples, batches)
    print(f"Wrote the codes of {num_examples} images to {path}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
