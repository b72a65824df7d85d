"""Writes encoder and decoder as two SavedModels for TF Serving.

python -m export.saved_model --workdir=runs/demo --output=runs/demo/export

Makes OUTPUT/encoder/VERSION and OUTPUT/decoder/VERSION, with --reconstructor
also OUTPUT/reconstructor/VERSION. They hold the averaged weights in float32,
whatever the precision of the training. `export.signatures` has what they
answer, `export.servables` what lies beside them.
"""

from absl import flags

from ali_keras import files
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.errors import InputError
from ali_keras.training.record import describe_run

from . import model_card
from . import servables
from . import warmup
from .signatures import IMAGE_DTYPES
from .signatures import Signatures

common_flags.declare(__name__, "workdir", "output", "version", "batch_size")
IMAGE_DTYPE = flags.DEFINE_enum(
    "image_dtype", "float32", IMAGE_DTYPES, "uint8: 0 to 255, in and out."
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
):
    """Writes encoder and decoder as SavedModels, all of them or none.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        output: Path of the folder of servables.
        version: Integer of at least 1; `None` is the next number that is free
            in all.
        batch_size: Integer: the servables take such batches alone. `None`:
            batches of any size.
        image_dtype: "float32", images in [0, 1] (or points), or "uint8".
        reconstructor: Boolean. Whether to write a third servable, x to x'.
        record: Dictionary, what is known of the training, see
            `record.describe_run`.
        metrics: Dictionary of its evaluation, see `evaluation.evaluate`.

    Returns:
        Dictionary: the path of each servable by its name.

    Raises:
        InputError: if points are to be 8-bit images, if the version exists
            already, or cannot be written.
    """
    if image_dtype == "uint8" and not model.bounded:
        raise InputError(
            "image_dtype must be float32 for points, which are no images. "
            f"Received: {image_dtype}"
        )
    signatures = Signatures(model, config.dataset, batch_size, image_dtype)
    names = ["encoder", "decoder"] + ["reconstructor"] * reconstructor
    record = record or {}
    description = servables.describe(
        model, config, record.get("labels"), image_dtype, batch_size
    )
    documents = _documents(description, config, record)
    paths = servables.choose(output, names, version)
    with servables.writing(output, paths) as temporary:
        for name, path in temporary.items():
            archive = getattr(signatures, name)()
            archive.write_out(str(path), verbose=False)
            for document, value in documents.items():
                files.write_json(path / servables.EXTRA / document, value)
            card = model_card.write(name, description, config, record, metrics)
            files.write_bytes(path / servables.CARD, card.encode())
            warmup.write(path, name)
    return paths


def _documents(description, config, record):
    """Returns what lies beside each servable as JSON, by its file's name."""
    return {
        "servable.json": description,
        "config.json": config.values(),
        "record.json": {
            "training": record,
            "export": describe_run(config.epochs),
        },
    }


def main():
    """Loads the model, writes the SavedModels."""
    output = common_flags.output_folder()
    workdir = common_flags.workdir()
    model, config = workdir.load()
    paths = export_saved_models(
        model,
        config,
        output,
        common_flags.VERSION.value,
        common_flags.BATCH_SIZE.value,
        IMAGE_DTYPE.value,
        RECONSTRUCTOR.value,
        record=files.read_json(workdir.training),
        metrics=workdir.read_metrics(),
    )
    for path in paths.values():
        print(f"Wrote {path}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
