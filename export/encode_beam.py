"""Encodes files of images with Apache Beam: as many as there are.

python -m export.encode_beam --saved_models=runs/demo/export \
    --input='images/*.png' --input_format=images --output=encoded/digits \
    [-- --runner=FlinkRunner ...]

Writes OUTPUT-NNNNN-of-NNNNN.parquet (or .tfrecord) with key, z_mean,
z_log_sigma (of a Gaussian encoder) and features; with --servable=classifier
with key and probabilities. What cannot be read goes to
OUTPUT-dead-NNNNN-of-NNNNN.jsonl. What follows `--` are Beam's own flags.
Needs the environment that `make beam` creates. Without --runner Beam's local
FnApiRunner runs it.
"""

import logging

from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.errors import InputError

from . import servables

common_flags.declare(__name__, "saved_models", "version", "output")
SERVABLE = flags.DEFINE_enum(
    "servable",
    "encoder",
    ["encoder", "classifier"],
    "classifier: write the probabilities of the classes.",
)
INPUT = flags.DEFINE_string("input", None, "Glob of the files to read.")
INPUT_FORMAT = flags.DEFINE_enum(
    "input_format",
    "tfrecord",
    ["tfrecord", "images"],
    "tfrecord: of tf.train.Examples with a feature `image`, JPEG or PNG.",
)
OUTPUT_FORMAT = flags.DEFINE_enum(
    "output_format", "parquet", ["parquet", "tfrecord"], "Format of the codes."
)


def main(arguments):
    """Finds the servable, runs the pipeline, prints its counters."""
    prefix = common_flags.OUTPUT.value
    if not INPUT.value or not prefix:
        raise InputError(
            "--input must be given, a glob of files, and --output, the prefix "
            f"of files to write. Received: {INPUT.value} and {prefix}"
        )
    if arguments and not arguments[0].startswith("--"):
        raise InputError(
            "Arguments must be flags, --name=value, and Beam's own follow "
            f"`--`. Received: {' '.join(arguments)}"
        )
    version = common_flags.VERSION.value
    name = SERVABLE.value
    path = servables.find(common_flags.saved_models(), name, version)
    description = servables.read_description(path)
    if not description["image_range"]:
        raise InputError(
            "--saved_models must be of a model of images. Received: "
            f"{path}, which takes points"
        )
    counts = _import_pipeline().encode_files(
        path.resolve(),
        name,
        description,
        INPUT.value,
        INPUT_FORMAT.value,
        prefix,
        OUTPUT_FORMAT.value,
        arguments,
    )
    print(
        f"Read {counts['read']}; wrote {counts['written']} to "
        f"{prefix}-*.{OUTPUT_FORMAT.value}; dead, with the reason, "
        f"{counts['dead']} to {prefix}-dead-*.jsonl."
    )


def _import_pipeline():
    logging.disable(logging.WARNING)  # Beam tells which clouds it lacks.
    try:
        from .beam import pipeline
    except ModuleNotFoundError as error:
        raise InputError(
            "export.encode_beam must run where Apache Beam is installed: "
            "`make beam` in a checkout, or requirements-beam.txt elsewhere. "
            f"Received: {error}"
        ) from None
    finally:
        logging.disable(logging.NOTSET)
    return pipeline


def run():
    """Runs the program."""
    program.run(main, takes_command=True)


if __name__ == "__main__":
    run()
