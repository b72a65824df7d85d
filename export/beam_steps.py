"""What the workers of export.encode_beam do: read, decode, encode.

Apart from the program, because workers import it, and flags are the
program's.
"""

import itertools
import json
import os

import apache_beam as beam
import numpy as np
import tensorflow as tf
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import Metrics
from apache_beam.utils.shared import Shared
from google.protobuf.message import DecodeError

from ali_keras.data import preprocessing

from . import servables

KEY_FEATURES = ("file", "id")
RECORD_OVERHEAD = 16  # Bytes: the length, and a checksum each of it and data.
DEAD = "dead"  # The output of steps that takes what cannot be used.
COUNTERS = {
    name: Metrics.counter("encode_beam", name)
    for name in ("read", "written", DEAD)
}


def read_shard(path):
    """Reads a TFRecord file of tf.train.Examples.

    Yields:
        Pairs of key and encoded image. The key is the example's `file` or
        `id`; without them the file's name and the record's index. Bad records
        go to the output `DEAD`.
    """
    records = iter(tf.data.TFRecordDataset(path))
    num_bytes = 0
    for index in itertools.count():
        key = f"{os.path.basename(path)}:{index}"
        try:
            record = next(records).numpy()
        except StopIteration:
            # TensorFlow ends in silence at less than a record's header.
            if num_bytes != tf.io.gfile.stat(path).length:
                yield _bury_rest(key)
            return
        except tf.errors.OpError:
            yield _bury_rest(key)
            return
        num_bytes += len(record) + RECORD_OVERHEAD
        COUNTERS["read"].inc()
        yield _read_example(key, record)


def _bury_rest(key):
    COUNTERS["read"].inc()
    return _bury(key, "the TFRecord file is damaged from here on")


def _read_example(key, record):
    try:
        example = tf.train.Example.FromString(record)
    except DecodeError:
        return _bury(key, "a record must be a tf.train.Example")
    features = example.features.feature
    for name in KEY_FEATURES:
        for value in features[name].bytes_list.value:
            key = value.decode(errors="backslashreplace")
        for value in features[name].int64_list.value:
            key = str(value)
    encoded = features["image"].bytes_list.value
    if len(encoded) != 1:
        return _bury(key, "an Example must have one feature `image`, encoded")
    return key, encoded[0]


def read_image(path):
    """Yields path and content of an image file; a bad one goes to `DEAD`."""
    COUNTERS["read"].inc()
    try:
        with FileSystems.open(path) as file:
            yield path, file.read()
    except (OSError, BeamIOError):
        yield _bury(path, "a file must be readable")


def decode(record, description):
    """Decodes and preprocesses an image as the training did.

    Args:
        record: Pair of key and encoded image.
        description: What the servable says of itself.

    Yields:
        Key and array `(size, size, channels)` as the servable takes it. What
        cannot be decoded goes to the output `DEAD`.
    """
    key, encoded = record
    try:
        image = tf.io.decode_image(encoded, expand_animations=False)
    except tf.errors.OpError:
        yield _bury(key, "an image must be a whole JPEG, PNG, GIF or BMP")
        return
    if image.shape[-1] == 2:  # Grey with an alpha channel is grey.
        image = image[..., :1]
    size, _, channels = description["image_shape"]
    image = preprocessing.preprocess(
        image, size, channels, description["dataset"]
    )
    if description["image_dtype"] == "uint8":
        image = preprocessing.round_to_uint8(image)
    yield key, image.numpy()


def _bury(key, reason):
    COUNTERS[DEAD].inc()
    letter = json.dumps({"key": key, "reason": reason})
    return beam.pvalue.TaggedOutput(DEAD, letter)


class Encode(beam.DoFn):
    """Encodes batches of pairs of key and image to rows: dictionaries.

    Args:
        servable: Path of the encoder's SavedModel.
        columns: Names of the outputs that a row has beside its key.
        description: What the servable says of itself.
    """

    def __init__(self, servable, columns, description):
        self._servable = str(servable)
        self._columns = columns
        self._batch_size = description["batch_size"]
        self._shared = Shared()  # One model for all threads of a process.

    def setup(self):
        self._model = self._shared.acquire(
            lambda: servables.load(self._servable)
        )

    def process(self, batch):
        keys, arrays = zip(*batch, strict=True)
        missing = (self._batch_size or len(keys)) - len(keys)
        padding = [(0, missing), (0, 0), (0, 0), (0, 0)]
        image = tf.constant(np.pad(np.stack(arrays), padding, "edge"))
        outputs = {}
        for name in servables.DETERMINISTIC["encoder"]:
            outputs |= self._model.signatures[name](image=image)
        values = [outputs[name].numpy() for name in self._columns]
        # What was padded has no key.
        for key, *row in zip(keys, *values, strict=False):
            COUNTERS["written"].inc()
            yield {"key": key, **dict(zip(self._columns, row, strict=True))}


def make_example(row):
    """Serializes a row as a tf.train.Example."""
    example = tf.train.Example()
    for name, value in row.items():
        feature = example.features.feature[name]
        if name == "key":
            feature.bytes_list.value.append(value.encode())
        else:
            feature.float_list.value.extend(value)
    return example.SerializeToString()
