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

from . import beam_steps
from . import servables
from .beam_steps import DEAD

# DirectRunner, Beam's default, would first fetch a program from the network.
RUNNER = "FnApiRunner"
BATCH_SIZE = 256
COLUMNS = ("z_mean", "z_log_sigma", "features")
GOOD = "good"


def encode_files(
    servable,
    description,
    pattern,
    input_format,
    prefix,
    output_format,
    arguments=(),
):
    """Runs the pipeline to its end.

    Args:
        servable: Path of the encoder's SavedModel, the same on all workers.
        description: What it says of itself, see `servables.describe`.
        pattern: Glob of the files to read.
        input_format: "tfrecord" or "images".
        prefix: Prefix of the files to write.
        output_format: "parquet" or "tfrecord".
        arguments: List of Beam's own flags.

    Returns:
        Dictionary of the counters "read", "written" and "dead".

    Raises:
        InputError: if no file matches, files are there already under the
            prefix, the SavedModel lacks a signature, or Beam refuses a flag.
        OSError: if the folder of the prefix cannot be made.
    """
    columns = _find_columns(servable)
    _check_places(pattern, prefix)
    pipeline = _open_pipeline(arguments)
    found = (
        pipeline
        | "Match" >> fileio.MatchFiles(pattern)
        | "Path" >> beam.Map(lambda file: file.path)
        | "Spread" >> beam.Reshuffle()
        | "Read" >> _split(READERS[input_format])
    )
    decoded = found[GOOD] | "Decode" >> _split(beam_steps.decode, description)
    size = description["batch_size"] or BATCH_SIZE
    _ = (
        decoded[GOOD]
        | "Batch" >> beam.BatchElements(size, size)
        | "Encode"
        >> beam.ParDo(beam_steps.Encode(servable, columns, description))
        | "Write" >> WRITERS[output_format](prefix, columns)
    )
    letters = beam.io.WriteToText(f"{prefix}-{DEAD}", file_name_suffix=".jsonl")
    _ = (found[DEAD], decoded[DEAD]) | beam.Flatten() | "Bury" >> letters
    result = _run(pipeline)
    return {name: _count(result, name) for name in beam_steps.COUNTERS}


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
    return beam.Map(beam_steps.make_example) | beam.io.WriteToTFRecord(
        prefix, file_name_suffix=".tfrecord"
    )


READERS = {
    "tfrecord": beam_steps.read_shard,
    "images": beam_steps.read_image,
}
WRITERS = {"parquet": write_parquet, "tfrecord": write_examples}


def _find_columns(servable):
    signatures = servables.load(servable).signatures
    needed = servables.DETERMINISTIC["encoder"]
    if not set(needed) <= set(signatures):
        raise InputError(
            "An encoder must have the signatures encode and features, as "
            f"export.saved_model writes it. Received: {servable}, with "
            f"{', '.join(signatures)}"
        )
    there = {
        output
        for name in needed
        for output in signatures[name].structured_outputs
    }
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


def _open_pipeline(arguments):
    options = PipelineOptions(list(arguments))
    standard = options.view_as(StandardOptions)
    standard.runner = standard.runner or RUNNER
    try:
        return beam.Pipeline(options=options)
    except (ValueError, ImportError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            "What follows `--` must be flags that Beam takes here. Received: "
            f"{' '.join(arguments)} ({reason})"
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
