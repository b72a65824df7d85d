"""Exported models, run and refused as TF Serving does.

The SavedModels are loaded and run by the session that TF Serving uses too;
protos, status codes and most messages are TF Serving's.
"""

import pathlib
import threading

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2
from tensorflow_serving.apis import predict_pb2

from export.signatures import Signatures


class Refusal(Exception):
    """What the server answers instead, with gRPC's name of the status."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Servable:
    """A SavedModel in a session."""

    def __init__(self, path):
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(
                self.session, ["serve"], str(path)
            )
        self.signatures = dict(meta_graph.signature_def)

    def run(self, name, inputs):
        signature = self.signatures[name]
        if inputs.keys() != signature.inputs.keys():
            raise Refusal(
                "INVALID_ARGUMENT", "input size does not match signature"
            )
        for key, info in signature.inputs.items():
            dtype = tf.as_dtype(info.dtype)
            if tf.as_dtype(inputs[key].dtype) != dtype:
                raise Refusal("INVALID_ARGUMENT", f"{key}: not {dtype.name}")
        names = {key: info.name for key, info in signature.outputs.items()}
        feeds = {signature.inputs[key].name: inputs[key] for key in inputs}
        try:
            return self.session.run(names, feeds)
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            raise Refusal("INVALID_ARGUMENT", str(error)) from None


def write(model, folder, version=1, names=("encoder", "decoder"), **options):
    """Writes a model's SavedModels, without what lies beside them.

    Args:
        model: `ALI`.
        folder: Path; gets NAME/VERSION.
        version: Integer.
        names: "encoder", "decoder", or both.
        **options: Of `Signatures`.
    """
    signatures = Signatures(model, **options)
    for name in names:
        path = pathlib.Path(folder, name, str(version))
        getattr(signatures, name)().write_out(str(path), verbose=False)


class Models:
    """What both front ends ask, and what tests look at and switch.

    Args:
        folder: Path of a folder of NAME/VERSION.
        labels: Dictionary of versions by label.
    """

    def __init__(self, folder, labels=None):
        self.servables = {}
        for path in pathlib.Path(folder).glob("*/*/saved_model.pb"):
            versions = self.servables.setdefault(path.parts[-3], {})
            versions[int(path.parts[-2])] = Servable(path.parent)
        self.labels = labels or {}
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self.reset()

    def reset(self):
        self.batches = []  # (model, signature, rows) of each prediction.
        self.num_requests = 0  # Of all kinds, the refused among them.
        self.unavailable = 0  # So many next requests get UNAVAILABLE.
        self.delay = 0.0  # Seconds before any answer.
        self.batching_limit = None

    def enter(self):
        with self._lock:
            self.num_requests += 1
            refused = self.unavailable > 0
            self.unavailable -= refused
        self.stopping.wait(self.delay)
        if refused:
            raise Refusal("UNAVAILABLE", "The server is asked to be away")

    def find(self, spec):
        """Returns version and `Servable`."""
        versions = self.servables.get(spec.name, {})
        wanted = f"Latest({spec.name})"
        version = max(versions, default=None)
        if spec.version_label:
            if spec.version_label not in self.labels:
                raise Refusal(
                    "INVALID_ARGUMENT",
                    "Unrecognized servable version label: "
                    f"{spec.version_label}",
                )
            version = self.labels[spec.version_label]
        if spec.HasField("version"):
            version = spec.version.value
            wanted = f"Specific({spec.name}, {version})"
        if version not in versions:
            raise Refusal(
                "NOT_FOUND", f"Servable not found for request: {wanted}"
            )
        return version, versions[version]

    def metadata(self, request):
        """Answers a `GetModelMetadataRequest`."""
        self.enter()
        version, servable = self.find(request.model_spec)
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        _name(answer.model_spec, request.model_spec.name, version)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in servable.signatures.items():
            signatures.signature_def[name].CopyFrom(signature)
        answer.metadata["signature_def"].Pack(signatures)
        return answer

    def predict(self, request):
        """Answers a `PredictRequest`."""
        self.enter()
        spec = request.model_spec
        version, servable = self.find(spec)
        signature_name = spec.signature_name or "serving_default"
        if signature_name not in servable.signatures:
            raise Refusal(
                "FAILED_PRECONDITION",
                f'Serving signature key "{signature_name}" not found.',
            )
        inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
        rows = max((len(v) for v in inputs.values() if v.ndim), default=1)
        if self.batching_limit and rows > self.batching_limit:
            raise Refusal(
                "INVALID_ARGUMENT",
                f"Task size {rows} is larger than maximum input batch size "
                f"{self.batching_limit}",
            )
        outputs = servable.run(signature_name, inputs)
        with self._lock:
            self.batches.append((spec.name, signature_name, rows))
        answer = predict_pb2.PredictResponse()
        _name(answer.model_spec, spec.name, version, signature_name)
        for name, value in outputs.items():
            answer.outputs[name].CopyFrom(as_fields(value))
        return answer


def _name(spec, name, version, signature_name=""):
    spec.name = name
    spec.version.value = version
    spec.signature_name = signature_name


def as_fields(array):
    """A tensor in the typed fields that TF Serving fills, not in bytes."""
    proto = tf.make_tensor_proto(np.zeros(array.shape, array.dtype))
    proto.tensor_content = b""
    field = "float_val" if array.dtype == np.float32 else "int_val"
    proto.ClearField(field)
    getattr(proto, field).extend(array.ravel().tolist())
    return proto
