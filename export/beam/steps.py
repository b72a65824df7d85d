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

from ali_keras import fixed_batches
from ali_keras.data import image_header
from ali_keras.data import preprocessing

from .. import servables
from ..encoded_images import MAX_IMAGE_PIXELS

IMAGE = "image"  # The input, and the feature of an example.
KEY_FEATURES = ("file", "id")
RECORD_OVERHEAD = 16  # Bytes: the length, and a checksum each of it and data.
DEAD = "dead"  # The output of steps that takes what cannot be used.
COUNTERS = {
    name: Metrics.counter("encode_beam", name)
    for name in ("read", "written", DEAD)
}


def read_shard(path, further):
    """Reads a TFRecord file of tf.train.Examples.

    Args:
        path: Path of the file.
        further: Dictionary of the servable's inputs beside the image, each
            read from the feature of its name: dtype's name and shape of a
            row.

    Yields:
        Pairs of key and inputs: a dictionary of the encoded image and the
        further inputs by name. The key is the example's `file` or `id`;
        without them the file's name and the record's index. Bad records go to
        the output `DEAD`.
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
        yield _read_example(key, record, further)


def _bury_rest(key):
    COUNTERS["read"].inc()
    return _bury(key, "the TFRecord file is damaged from here on")


def _read_example(key, record, further):
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
    encoded = features[IMAGE].bytes_list.value
    if len(encoded) != 1:
        return _bury(key, "an Example must have one feature `image`, encoded")
    inputs = {IMAGE: encoded[0]}
    for name, (dtype, shape) in further.items():
        inputs[name] = _read_input(features[name], tf.as_dtype(dtype), shape)
        if inputs[name] is None:
            return _bury(
                key,
                f"an Example must have one feature `{name}`, {dtype} of shape "
                f"{shape}",
            )
    return key, inputs


def _read_input(feature, dtype, shape):
    """Returns an input's row, or `None` if the feature does not hold one."""
    values = feature.int64_list.value
    if dtype.is_floating:
        values = feature.float_list.value
    elif dtype == tf.string:
        values = feature.bytes_list.value
    try:
        return np.array(values, dtype.as_numpy_dtype).reshape(shape)
    except (ValueError, OverflowError):  # Too few, too many, too large.
        return None


def read_image(path, further):
    """Yields path and content of an image file; a bad one goes to `DEAD`.

    Args:
        path: Path of the file.
        further: Empty: such a file holds nothing but an image.
    """
    del further
    COUNTERS["read"].inc()
    try:
        with FileSystems.open(path) as file:
            yield path, {IMAGE: file.read()}
    except (OSError, BeamIOError):
        yield _bury(path, "a file must be readable")


def decode(record, description):
    """Decodes and preprocesses an image as the training did.

    Args:
        record: Pair of key and inputs, of which the image is encoded.
        description: What the servable says of itself.

    Yields:
        Key and inputs, the image as an array `(size, size, channels)` as the
        servable takes it. What cannot be decoded goes to the output `DEAD`.
    """
    key, inputs = record
    try:
        limit = description.get("max_image_pixels", MAX_IMAGE_PIXELS)
        image_header.check(inputs[IMAGE], limit)
        image = tf.io.decode_image(inputs[IMAGE], expand_animations=False)
    except tf.errors.OpError as error:
        yield _bury(
            key,
            "an image must be a whole JPEG, PNG, GIF or BMP, and not too "
            f"large ({image_header.error_words(error)})",
        )
        return
    if image.shape[-1] == 2:  # Grey with an alpha channel is grey.
        image = image[..., :1]
    size, _, channels = description["image_shape"]
    image = preprocessing.preprocess(
        image, size, channels, description["dataset"]
    )
    if description["image_dtype"] == "uint8":
        image = preprocessing.round_to_uint8(image)
    yield key, {**inputs, IMAGE: image.numpy()}


def _bury(key, reason):
    COUNTERS[DEAD].inc()
    letter = json.dumps({"key": key, "reason": reason})
    return beam.pvalue.TaggedOutput(DEAD, letter)


class Encode(beam.DoFn):
    """Encodes batches of pairs of key and inputs to rows: dictionaries.

    Args:
        servable: Path of the SavedModel.
        signatures: Tuple of the names of those that are called.
        columns: Names of the outputs that a row has beside its key.
        description: What the servable says of itself.
    """

    def __init__(self, servable, signatures, columns, description):
        self._servable = str(servable)
        self._signatures = signatures
        self._columns = columns
        self._batch_size = description["batch_size"]
        self._shared = Shared()  # One model for all threads of a process.

    def setup(self):
        self._model = self._shared.acquire(
            lambda: servables.load(self._servable)
        )

    def process(self, batch):
        keys, rows = zip(*batch, strict=True)
        size = self._batch_size or len(keys)
        inputs = {
            name: fixed_batches.fill(np.stack([x[name] for x in rows]), size)
            for name in rows[0]
        }
        outputs = {}
        for name in self._signatures:
            signature = self._model.signatures[name]
            taken = servables.select_inputs(signature, inputs)
            outputs |= signature(
                **{k: tf.constant(v) for k, v in taken.items()}
            )
        # Filled up for the servable; what belongs to no key is cut off.
        values = [outputs[name].numpy()[: len(keys)] for name in self._columns]
        for key, *row in zip(keys, *values, strict=True):
            COUNTERS["written"].inc()
            yield {"key": key, **dict(zip(self._columns, row, strict=True))}
