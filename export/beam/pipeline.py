"""The pipeline of export.encode_beam: match, read, decode, encode, write."""

import apache_beam as beam
import pyarrow as pa
from apache_beam.io import fileio
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.options.pipeline_options import StandardOptions

from ali_keras.errors import InputError
from ali_keras.writing.examples import serialize_example

from .. import servables
from . import steps
from .steps import DEAD

# DirectRunner, Beam's default, would first fetch a program from the network.
RUNNER = "FnApiRunner"
BATCH_SIZE = 256
COLUMNS = ("z_mean", "z_log_sigma", "features", "probabilities")
GOOD = "good"


def encode_files(
    servable,
    name,
    description,
    pattern,
    input_format,
    prefix,
    output_format,
    flags,
):
    """Runs the pipeline to its end.

    Args:
        servable: Path of the SavedModel, the same on all workers.
        name: "encoder" or "classifier".
        description: What it says of itself, see `servable_writer.describe`.
        pattern: Glob of the files to read.
        input_format: "tfrecord" or "images".
        prefix: Prefix of the files to write.
        output_format: "parquet" or "tfrecord".
        flags: List of Beam's own flags.

    Returns:
        Dictionary of the counters "read", "written" and "dead".

    Raises:
        InputError: if no file matches, files are there already under the
            prefix, or SavedModel, files and flags do not go together.
        OSError: if the folder of the prefix cannot be made.
    """
    signatures = _find_signatures(servable, name)
    further = _find_further_inputs(signatures, input_format)
    columns = _find_columns(signatures)
    _check_places(pattern, prefix)
    pipeline = _open_pipeline(flags)
    read = _split(READERS[input_format], further)
    decoded, dead = _read(pipeline, pattern, read, description)
    encode = steps.Encode(servable, tuple(signatures), columns, description)
    size = description["batch_size"] or BATCH_SIZE
    _ = (
        decoded
        | "Batch" >> beam.BatchElements(size, size)
        | "Encode" >> beam.ParDo(encode)
        | "Write" >> WRITERS[output_format](prefix, columns)
    )
    _bury(dead, prefix)
    result = _run(pipeline)
    return {name: _count(result, name) for name in steps.COUNTERS}


def _read(pipeline, pattern, read, description):
    """Returns the decoded examples, and a tuple of what cannot be used."""
    found = (
        pipeline
        | "Match" >> fileio.MatchFiles(pattern)
        | "Path" >> beam.Map(lambda file: file.path)
        | "Spread" >> beam.Reshuffle()
        | "Read" >> read
    )
    decoded = found[GOOD] | "Decode" >> _split(steps.decode, description)
    return decoded[GOOD], (found[DEAD], decoded[DEAD])


def _bury(dead, prefix):
    letters = beam.io.WriteToText(f"{prefix}-{DEAD}", file_name_suffix=".jsonl")
    _ = dead | beam.Flatten() | "Bury" >> letters


def write_parquet(prefix, columns):
    """Returns the transform that writes rows as Parquet files."""
    numbers = pa.list_(pa.float32())
    schema = pa.schema(
        [("key", pa.string()), *((name, numbers) for name in columns)]
    )
    return beam.io.WriteToParquet(prefix, schema, file_name_suffix=".parquet")


def write_examples(prefix, columns):
    """Returns the transform that writes rows as tf.train.Examples."""
    del columns  # An example names its own.
    return beam.Map(serialize_example) | beam.io.WriteToTFRecord(
        prefix, file_name_suffix=".tfrecord"
    )


READERS = {
    "tfrecord": steps.read_shard,
    "images": steps.read_image,
}
WRITERS = {"parquet": write_parquet, "tfrecord": write_examples}


def _find_signatures(servable, name):
    """Returns the signatures whose outputs are written, by name."""
    signatures = servables.load(servable).signatures
    needed = servables.DETERMINISTIC[name]
    if not set(needed) <= set(signatures):
        raise InputError(
            f"The {name} must have the signatures {' and '.join(needed)}, as "
            f"export.saved_model writes it. Received: {servable}, with "
            f"{', '.join(signatures)}"
        )
    return {name: signatures[name] for name in needed}


def _find_further_inputs(signatures, input_format):
    """Returns dtype's name and a row's shape of all inputs but the image."""
    further = {}
    for signature in signatures.values():
        for name, spec in servables.inputs_of(signature).items():
            shape = tuple(spec.shape[1:])
            further[name] = (spec.dtype.name, shape)
    further.pop(steps.IMAGE, None)
    if further and input_format != "tfrecord":
        raise InputError(
            "--input_format must be tfrecord for an encoder that takes more "
            f"than an image: {', '.join(further)}. Received: {input_format}"
        )
    return further


def _find_columns(signatures):
    outputs = (each.structured_outputs for each in signatures.values())
    there = {name for each in outputs for name in each}
    return [name for name in COLUMNS if name in there]


def _check_places(pattern, prefix):
    if not _match(pattern):
        raise InputError(
            f"--input must match files. Received: {pattern}, which matches none"
        )
    if there := _match(f"{prefix}-*"):
        raise InputError(
            "--output must be a prefix under which no file is yet. Received: "
            f"{prefix}, with {there[0].path}"
        )
    folder, _ = FileSystems.split(prefix)
    if folder and not FileSystems.exists(folder):
        FileSystems.mkdirs(folder)


def _match(pattern):
    try:
        return FileSystems.match([pattern])[0].metadata_list
    except (ValueError, BeamIOError) as error:
        raise InputError(
            "--input and --output must be on a file system that Beam knows "
            f"here. Received: {pattern} ({error})"
        ) from None


def _open_pipeline(flags):
    options = PipelineOptions(list(flags))
    standard = options.view_as(StandardOptions)
    standard.runner = standard.runner or RUNNER
    try:
        return beam.Pipeline(options=options)
    except (ValueError, ImportError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            "What follows `--` must be flags that Beam takes here. Received: "
            f"{' '.join(flags)} ({reason})"
        ) from None


def _run(pipeline):
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except (RuntimeError, OSError) as error:
        # What a worker raised comes as text, its own words at the end.
        reason = str(error).strip().split("\n")[-1]
        raise InputError(
            "Servable, files and places must serve until the pipeline's end. "
            f"Received: {reason}"
        ) from None
    return result


def _split(function, *arguments):
    """Makes a step with two outputs, `GOOD` and `DEAD`."""
    step = beam.FlatMap(function, *arguments)
    return step.with_outputs(DEAD, main=GOOD)


def _count(result, name):
    counters = result.metrics().query(MetricsFilter().with_name(name))
    return sum(counter.result for counter in counters["counters"])
