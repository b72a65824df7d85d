"""Requests that TF Serving replays before a version takes traffic.

A first request of a signature costs far more than the next ones. TF Serving
finds these in assets.extra/tf_serving_warmup_requests: a TFRecord of
`PredictionLog`, of at most 1000 records.
"""

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_log_pb2

from ali_keras import files
from ali_keras.data.preprocessing import round_to_uint8

from . import servables

FILE = f"{servables.EXTRA}/tf_serving_warmup_requests"
# As `max_batch_size` of the bundle that export.serving writes.
BATCHING_LIMIT = 64


def write(path, name, signatures):
    """Writes a servable's requests into it.

    Each signature gets a batch of 1 and one of `BATCHING_LIMIT`; of the
    servable's own size where that is fixed.

    Args:
        path: Path of the SavedModel.
        name: Name under which it is served.
        signatures: Signatures of the loaded SavedModel.
    """
    description = servables.read_description(path)
    fixed = description["batch_size"]
    sizes = [fixed] if fixed else [1, BATCHING_LIMIT]
    with files.replacing(path / FILE) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for signature_name, signature in signatures.items():
                if signature_name == "serving_default":
                    continue  # Another name for the first of the others.
                for size in sizes:
                    inputs = example_inputs(signature, size)
                    log = _log(name, signature_name, inputs)
                    writer.write(log.SerializeToString())


def keep_batchable(path, max_batch_size):
    """Leaves out the requests that a batching server would refuse.

    One that batches refuses inputs without a dimension to join them along, and
    batches above its limit, also in a warm-up, which then fails and with it
    the version.

    Args:
        path: Path of the SavedModel.
        max_batch_size: Integer, the server's limit.
    """
    records = tf.data.TFRecordDataset(str(path / FILE)).as_numpy_iterator()
    with files.replacing(path / FILE) as temporary:
        with tf.io.TFRecordWriter(str(temporary)) as writer:
            for record in records:
                log = prediction_log_pb2.PredictionLog.FromString(record)
                inputs = log.predict_log.request.inputs.values()
                shapes = [tensor.tensor_shape.dim for tensor in inputs]
                if all(s and s[0].size <= max_batch_size for s in shapes):
                    writer.write(record)


def example_inputs(signature, size):
    """Makes inputs that a signature takes.

    Images and codes are values in [0, 1], encoded images a grey picture, and
    integers, such as labels, zeros.

    Args:
        signature: Signature of a loaded SavedModel.
        size: Integer. Size of the batch.

    Returns:
        Dictionary of tensors by name.
    """
    return {
        name: _example(name, (size, *spec.shape[1:]), spec)
        for name, spec in servables.inputs_of(signature).items()
    }


def _example(name, shape, spec):
    if spec.shape.rank == 0:
        return tf.constant(shape[0] if name == "count" else 0, spec.dtype)
    if spec.dtype == tf.string:
        jpeg = tf.io.encode_jpeg(
            tf.fill([64, 64, 3], tf.constant(128, "uint8"))
        )
        return tf.fill(shape, jpeg)
    if spec.dtype != tf.uint8 and not spec.dtype.is_floating:
        return tf.zeros(shape, spec.dtype)
    # Within the range of pixels, and of any prior.
    values = tf.random.stateless_uniform(shape, seed=[0, 0])
    if spec.dtype == tf.uint8:
        return round_to_uint8(values)
    return tf.cast(values, spec.dtype)


def _log(name, signature_name, inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature_name
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.CopyFrom(request)
    return log
