"""Writes encoder and decoder as two SavedModels for TF Serving.

python -m export.saved_model --workdir=runs/demo --output=runs/demo/export

Makes OUTPUT/encoder/VERSION and OUTPUT/decoder/VERSION; of a model whose
discriminator tells classes also OUTPUT/classifier/VERSION, and with
--reconstructor OUTPUT/reconstructor/VERSION. They hold the averaged weights in
float32, whatever the precision of the training. `export.signatures` has what
they answer, `export.servables` what lies beside them.
"""

from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained

from . import servables

common_flags.declare(
    __name__,
    "workdir",
    "checkpoint",
    "output",
    "version",
    "batch_size",
    "max_image_pixels",
)
IMAGE_DTYPE = flags.DEFINE_enum(
    "image_dtype",
    "float32",
    servables.IMAGE_DTYPES,
    "uint8: 0 to 255, in and out.",
)
RECONSTRUCTOR = flags.DEFINE_bool(
    "reconstructor", False, "A third servable: an image to its reconstruction."
)


def export_saved_models(
    model,
    config,
    output,
    version=None,
    batch_size=None,
    image_dtype="float32",
    reconstructor=False,
    record=None,
    metrics=None,
    max_image_pixels=None,
):
    """Writes encoder and decoder as SavedModels, all of them or none.

    If the model's discriminator tells classes, the classifier is one more.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        output: Path of the folder of servables.
        version: Integer of at least 1; `None` is the next free number.
        batch_size: Integer: the only size that is taken. `None`: any.
        image_dtype: "float32", images in [0, 1] (or points), or "uint8".
        reconstructor: Boolean. Whether to write a third servable, x to x'.
        record: Dictionary of the training, see `record.describe_run`.
        metrics: Dictionary of its evaluation, see `evaluation.evaluate`.
        max_image_pixels: Integer. Pixels that an image of `encode_jpeg` may
            have; `None` is 16,777,216.

    Returns:
        Dictionary: the path of each servable by its name.

    Raises:
        InputError: if points are to be uint8, or the version exists already.
    """
    from .encoded_images import MAX_IMAGE_PIXELS
    from .servable_writer import ServableWriter

    limit = max_image_pixels or MAX_IMAGE_PIXELS
    choices = (batch_size, image_dtype, record, metrics, limit)
    writer = ServableWriter(model, config, *choices)
    names = ["encoder", "decoder"]
    names += ["classifier"] * bool(model.discriminator_classes)
    names += ["reconstructor"] * reconstructor
    paths = servables.choose(output, names, version)
    with servables.writing(output, paths) as temporary:
        for name, path in temporary.items():
            writer.write(name, path)
    return paths


def main():
    """Loads the model, writes the SavedModels."""
    output = common_flags.output_folder()
    trained = Trained()
    paths = export_saved_models(
        trained.model,
        trained.config,
        output,
        common_flags.VERSION.value,
        common_flags.BATCH_SIZE.value,
        IMAGE_DTYPE.value,
        RECONSTRUCTOR.value,
        record=trained.record(),
        metrics=trained.metrics(),
        max_image_pixels=common_flags.MAX_IMAGE_PIXELS.value,
    )
    for path in paths.values():
        print(f"Wrote {path}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
