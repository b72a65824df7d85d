"""Converts encoder and decoder to LiteRT (TFLite) files for devices.

python -m export.tflite --saved_models=DIR --output=DIR --quantization=int8

Writes OUTPUT/encoder_FORM.tflite, with the signatures `encode` and `features`,
OUTPUT/decoder_FORM.tflite, with `decode`, of a classifier also
OUTPUT/classifier_FORM.tflite, with `classify`, and beside each a .json that
says what it takes and gives. FORM is float32 (--quantization=none), float16,
dynamic or int8. The files need LiteRT's builtin operations alone and take
batches of one size, --batch_size, by default 1.

With --check it converts to all forms, measures what each costs beside the
SavedModels, prints a table, and writes the figures to the file --output, if
that is given. docs/devices.md has such a table.
"""

import pathlib

from absl import flags

from ali_keras import files
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.errors import InputError

from .forms import FORMS

common_flags.declare(
    __name__, "saved_models", "output", "version", "batch_size", "data_dir"
)
QUANTIZATION = flags.DEFINE_enum(
    "quantization",
    "none",
    sorted(FORMS),
    "Numbers of the files: float32 (none), weights of 16 bits, weights of 8 "
    "bits (dynamic), or all of 8 bits (int8).",
)
REPRESENTATIVE_DATASET = flags.DEFINE_string(
    "representative_dataset",
    None,
    "Data set of int8's ranges: a TFDS name, or folder:PATH. Default: the "
    "training's.",
)
CHECK = flags.DEFINE_bool(
    "check", False, "Measure all forms instead of writing one."
)


def __getattr__(name):  # Not for --help, which needs no TensorFlow.
    if name == "export_tflite":
        from .write import export_tflite

        return export_tflite
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main():
    """Converts and writes, or measures."""
    from .source import Source
    from .write import export_tflite

    _check_flags()
    dataset = REPRESENTATIVE_DATASET.value
    source = Source(
        common_flags.saved_models(),
        common_flags.VERSION.value,
        common_flags.BATCH_SIZE.value,
        common_flags.DATA_DIR.value,
    )
    if CHECK.value:
        return _measure(source, dataset)
    paths = export_tflite(
        source, common_flags.output_folder(), QUANTIZATION.value, dataset
    )
    for path in paths.values():
        print(f"Wrote {path}.")


def _check_flags():
    quantization = flags.FLAGS["quantization"]
    if CHECK.value and quantization.present:
        raise InputError(
            "--quantization must not go with --check, which measures all "
            f"forms. Received: --quantization={quantization.value}"
        )
    output = common_flags.OUTPUT.value
    if CHECK.value and output and pathlib.Path(output).is_dir():
        raise InputError(
            "--output must be a file, to be written, with --check. Received: "
            f"{output}, a folder"
        )
    dataset = REPRESENTATIVE_DATASET.value
    if dataset and quantization.value != "int8" and not CHECK.value:
        raise InputError(
            "--representative_dataset must go with --quantization=int8. "
            f"Received: --quantization={quantization.value}"
        )


def _measure(source, dataset=None):
    """Measures all forms, prints the table, writes the file --output."""
    from ali_keras.progress import shown

    from . import check
    from .write import provenance

    figures = check.measure(source, dataset, shown)
    record = {**provenance(source), **figures}
    print(check.table(record))
    if output := common_flags.OUTPUT.value:
        files.write_json(output, record)


def run():
    """Runs the program."""
    program.run(main)
