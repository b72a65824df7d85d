"""TF Serving's PredictionService over gRPC."""

import math
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import grpc
import numpy as np
from google.protobuf.message import DecodeError

from ali_keras.client import messages
from ali_keras.client import tensors
from ali_keras.client.calls import Deadline
from ali_keras.client.errors import ServerError
from ali_keras.client.errors import not_understood

SERVICE = "/tensorflow.serving.PredictionService"
# Of a string in a message, besides its bytes.
STRING_OVERHEAD = 8
# Milliseconds. After a refused connection gRPC fails for a second, by its
# own choice, without asking again: longer than our first tries wait.
RECONNECT = (
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class GrpcTransport:
    """Sends single requests, without retries.

    Args:
        address: "HOST:PORT" or "unix:PATH".
        credentials: `grpc.ChannelCredentials`, or `None` for plaintext.
        max_message_bytes: Integer. Limit of requests and answers.
        version: Integer, or `None`.
        version_label: String, or `None`.
    """

    def __init__(
        self,
        address: str,
        credentials: grpc.ChannelCredentials | None,
        max_message_bytes: int,
        version: int | None,
        version_label: str | None,
    ) -> None:
        options = [
            *RECONNECT,
            ("grpc.max_send_message_length", max_message_bytes),
            ("grpc.max_receive_message_length", max_message_bytes),
            ("grpc.enable_http_proxy", 0),  # As over REST.
        ]
        if credentials is None:
            self._channel = grpc.insecure_channel(address, options)
        else:
            self._channel = grpc.secure_channel(address, credentials, options)
        self._predict = self._channel.unary_unary(
            f"{SERVICE}/Predict",
            messages.PredictRequest.SerializeToString,
            messages.PredictResponse.FromString,
        )
        self._get_model_metadata = self._channel.unary_unary(
            f"{SERVICE}/GetModelMetadata",
            messages.GetModelMetadataRequest.SerializeToString,
            messages.GetModelMetadataResponse.FromString,
        )
        self._max_message_bytes = max_message_bytes
        self._version = version
        self._version_label = version_label

    def signatures(self, model: str, deadline: Deadline) -> Mapping[str, Any]:
        """Asks for the `SignatureDef`s of a model, by name."""
        request = messages.GetModelMetadataRequest(
            model_spec=self._spec(model), metadata_field=["signature_def"]
        )
        answer = _call(self._get_model_metadata, request, deadline)
        # Not `Unpack`, which wants TF Serving's name of the message.
        content = answer.metadata["signature_def"].value
        try:
            return messages.SignatureDefMap.FromString(content).signature_def
        except DecodeError as error:
            raise not_understood(error) from None

    def predict(
        self,
        model: str,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        signature: Any,
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Runs a signature; only REST must know its `SignatureDef`."""
        request = messages.PredictRequest(
            model_spec=self._spec(model, signature_name)
        )
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tensors.to_proto(value))
        answer = _call(self._predict, request, deadline)
        try:
            return {
                name: tensors.from_proto(value, self._max_message_bytes)
                for name, value in answer.outputs.items()
            }
        except (ValueError, OverflowError) as error:
            raise not_understood(error) from None

    def row_sizes(self, rows: np.ndarray, signature: Any) -> list[int]:
        """Estimates the bytes of each row, of request or answer.

        The larger of both counts, as both have the same limit.
        """
        answer = sum(map(_answer_bytes, signature.outputs.values()))
        if rows.dtype == object:
            asked = [len(row) + STRING_OVERHEAD for row in rows]
        else:
            asked = [rows[0].nbytes] * len(rows)
        return [max(size, answer) for size in asked]

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def _spec(self, model: str, signature_name: str = "") -> Any:
        spec = messages.ModelSpec(name=model, signature_name=signature_name)
        if self._version is not None:
            spec.version.value = self._version
        elif self._version_label is not None:
            spec.version_label = self._version_label
        return spec


def _answer_bytes(output: Any) -> int:
    """Bytes of a row of an output, where its shape is known."""
    dtype = tensors.numpy_dtype(output.dtype)
    # Integers travel as varints: two bytes from 128 on.
    size = 2 if dtype == np.uint8 else dtype.itemsize
    return size * math.prod(abs(d.size) for d in output.tensor_shape.dim[1:])


def _call(method: Callable[..., Any], request: Any, deadline: Deadline) -> Any:
    try:
        return method(request, timeout=deadline.remaining())
    except grpc.RpcError as error:
        raise ServerError(
            error.code().name, error.details() or "no reason given"
        ) from None
