"""Converts encoder and decoder to LiteRT (TFLite) files for devices.

python -m export.tflite --saved_models=DIR --output=DIR --quantization=int8

Writes OUTPUT/encoder_FORM.tflite, with the signatures `encode` and `features`,
OUTPUT/decoder_FORM.tflite, with `decode`, and beside each a .json that says
what it takes and gives. FORM is float32 (--quantization=none), float16,
dynamic or int8. The files need LiteRT's builtin operations alone and take
batches of one size, --batch_size, by default 1.

With --check it converts to all forms, measures what each costs beside the
SavedModels, prints a table, and writes the figures to the file --output, if
that is given. docs/devices.md has such a table.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import pathlib

from absl import flags

import ali_keras
from ali_keras import files
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.errors import InputError
from ali_keras.training.record import describe_run

from . import tflite_check
from . import tflite_convert
from . import tflite_file
from .tflite_source import Source

common_flags.declare(
    __name__, "saved_models", "output", "version", "batch_size", "data_dir"
)
QUANTIZATION = flags.DEFINE_enum(
    "quantization",
    "none",
    sorted(tflite_convert.FORMS),
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


def export_tflite(source, output, quantization="none", dataset=None):
    """Writes encoder and decoder as .tflite files, and a .json beside each.

    Files of the same names are replaced.

    Args:
        source: `Source`: the SavedModels.
        output: Path of the folder to write to.
        quantization: A key of `tflite_convert.FORMS`.
        dataset: Name of the data set that ranges are taken from, for "int8".
            `None` is the training's.

    Returns:
        Dictionary: the path of each .tflite file by its servable's name.

    Raises:
        InputError: if the data set cannot be read, the networks need other
            operations than builtin ones, or the folder cannot be written.
    """
    examples = {}
    if quantization == "int8":
        examples = source.representative_examples(dataset)
    with files.writable(output):
        pathlib.Path(output).mkdir(parents=True, exist_ok=True)
    contents = {
        name: source.convert(name, quantization, examples.get(name))
        for name in source.paths
    }
    paths = {}
    with contextlib.ExitStack() as stack:  # All are written, then renamed.
        for name, content in contents.items():
            stem = f"{name}_{tflite_convert.FORMS[quantization]}"
            paths[name] = pathlib.Path(output, f"{stem}.tflite")
            description = describe(source, name, quantization, content)
            if examples:
                description["representative_dataset"] = source.dataset(dataset)
            for suffix, written in (
                (".json", json.dumps(description, indent=2).encode() + b"\n"),
                (".tflite", content),
            ):
                path = paths[name].with_suffix(suffix)
                temporary = stack.enter_context(files.replacing(path))
                temporary.write_bytes(written)
    return paths


def describe(source, name, quantization, content):
    """Describes a file to who calls it.

    Args:
        source: `Source`.
        name: "encoder" or "decoder".
        quantization: A key of `tflite_convert.FORMS`.
        content: Bytes of the file.

    Returns:
        Dictionary that `json` can write: what `servables.describe` says of
        images and codes; `batch_size`; `form`; `signatures` and `operators`,
        see `tflite_file.describe`; `bytes` and `sha256` of the file; where it
        is from: `servable`, `version`, `versions`, `export`.
    """
    return {
        **source.description,
        "batch_size": source.batch_size,
        "form": tflite_convert.FORMS[quantization],
        **tflite_file.describe(content),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "servable": name,
        "version": int(source.paths[name].name),
        **provenance(source),
    }


def provenance(source):
    """Returns the versions that made a file, the command and the machine."""
    record = describe_run(source.config.epochs)
    versions = {
        "ali_keras": ali_keras.__version__,
        "ai-edge-litert": importlib.metadata.version("ai-edge-litert"),
        **record.pop("versions"),
    }
    return {"versions": versions, "export": record}


def main():
    """Converts and writes, or measures."""
    _check_flags()
    dataset = REPRESENTATIVE_DATASET.value
    source = Source(
        common_flags.saved_models(),
        common_flags.VERSION.value,
        common_flags.BATCH_SIZE.value,
        common_flags.DATA_DIR.value,
    )
    if CHECK.value:
        return check(source, dataset)
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


def check(source, dataset=None):
    """Measures all forms, prints the table, writes the file --output."""
    record = {**provenance(source), **tflite_check.measure(source, dataset)}
    print(tflite_check.table(record))
    if output := common_flags.OUTPUT.value:
        files.write_json(output, record)


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
