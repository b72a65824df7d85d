"""TF Serving's REST API: JSON in columns, by the standard library."""

import base64
import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf import json_format

from ali_keras.client import messages
from ali_keras.client import tensors
from ali_keras.client.calls import Deadline
from ali_keras.client.errors import DEADLINE_EXCEEDED
from ali_keras.client.errors import UNAVAILABLE
from ali_keras.client.errors import ServerError
from ali_keras.client.errors import not_understood

# TF Serving's table, read backwards: several of gRPC's codes become 400, 409
# or 500 there, and the most frequent one stands for them here.
CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: UNAVAILABLE,
    504: DEADLINE_EXCEEDED,
}
# What an answer raises that TF Serving does not write: of the wrong type, too
# deep, or with half a character, at which Protocol Buffers raise SystemError.
BAD_ANSWERS = (
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
    SystemError,
    json_format.ParseError,
)
# Bytes of a number in JSON at most, with its comma and brackets: float32
# values are written as the doubles that they are, which no parser rounds.
NUMBER_BYTES = {"f": 28, "i": 24, "u": 8}
PIECE = 1 << 16  # Bytes of an answer that are read before a look at the clock.


class RestTransport:
    """Sends single requests, without retries, each by its own connection.

    Args:
        url: Result of `urllib.parse.urlsplit`: scheme, host, port, path.
        context: `ssl.SSLContext` for https; `None` is Python's default.
        version: Integer, or `None`.
        version_label: String, or `None`.
    """

    def __init__(
        self,
        url: urllib.parse.SplitResult,
        context: ssl.SSLContext | None,
        version: int | None,
        version_label: str | None,
    ) -> None:
        self._url = url
        self._host = url.hostname or ""
        if url.scheme == "https" and context is None:
            context = ssl.create_default_context()
        self._context = context
        self._suffix = ""
        if version is not None:
            self._suffix = f"/versions/{version}"
        elif version_label is not None:
            self._suffix = f"/labels/{urllib.parse.quote(version_label, '')}"

    def signatures(self, model: str, deadline: Deadline) -> Mapping[str, Any]:
        """Asks for the `SignatureDef`s of a model, by name."""
        answer = self._ask("GET", f"{self._path(model)}/metadata", deadline)
        try:
            return json_format.ParseDict(
                answer["metadata"]["signature_def"],
                messages.SignatureDefMap(),
                ignore_unknown_fields=True,
            ).signature_def
        except BAD_ANSWERS as error:
            raise not_understood(error) from None

    def predict(
        self,
        model: str,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        signature: Any,
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Runs a signature, whose `SignatureDef` names the outputs."""
        request = {
            "signature_name": signature_name,
            "inputs": {name: _columns(v) for name, v in inputs.items()},
        }
        path = f"{self._path(model)}:predict"
        answer = self._ask(
            "POST", path, deadline, json.dumps(request, separators=(",", ":"))
        )
        try:
            outputs = answer["outputs"]
            if len(signature.outputs) == 1:  # TF Serving leaves the name out.
                outputs = {name: outputs for name in signature.outputs}
            with np.errstate(over="ignore"):  # Infinite, as float32.
                return {
                    name: np.asarray(
                        outputs[name], tensors.numpy_dtype(output.dtype)
                    )
                    for name, output in signature.outputs.items()
                }
        except BAD_ANSWERS as error:
            raise not_understood(error) from None

    def row_sizes(self, rows: np.ndarray, signature: Any) -> list[int]:
        """Estimates the bytes of each row of a request.

        Answers over HTTP have no limit.
        """
        if rows.dtype == object:
            return [len(row) * 4 // 3 + 16 for row in rows]
        return [rows[0].size * NUMBER_BYTES[rows.dtype.kind]] * len(rows)

    def close(self) -> None:
        """Does nothing: no connection stays open."""

    def _path(self, model: str) -> str:
        model = urllib.parse.quote(model, "")
        return f"{self._url.path.rstrip('/')}/v1/models/{model}{self._suffix}"

    def _ask(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        body: str | None = None,
    ) -> dict[str, Any]:
        status, content = self._exchange(method, path, deadline, body)
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if status == 200 and isinstance(answer, dict):
            return answer
        if isinstance(answer, dict) and "error" in answer:
            message = str(answer["error"])
        else:  # Of a proxy, or of no TF Serving at all.
            message = (
                f"no JSON object: {content[:200].decode(errors='replace')}"
            )
        default = "UNKNOWN" if status == 200 else f"HTTP_{status}"
        raise ServerError(CODES.get(status, default), message)

    def _exchange(
        self, method: str, path: str, deadline: Deadline, body: str | None
    ) -> tuple[int, bytes]:
        connection = self._connection(deadline.remaining())
        try:
            connection.connect()
            sock = connection.sock
            sock.settimeout(deadline.remaining())
            headers = {"Content-Type": "application/json"} if body else {}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = bytearray()
            while piece := response.read1(PIECE):
                content += piece
                if response.isclosed():  # And with it, perhaps, the socket.
                    break
                sock.settimeout(deadline.remaining())
            if response.length:  # Of what was announced.
                raise http.client.IncompleteRead(
                    bytes(content), response.length
                )
            return response.status, bytes(content)
        except TimeoutError:
            raise ServerError(DEADLINE_EXCEEDED, "no answer in time") from None
        except ssl.SSLError as error:  # Another try would end the same.
            raise ServerError("UNAUTHENTICATED", str(error)) from None
        except (OSError, http.client.HTTPException) as error:
            reason = f"{self._host}: {error or type(error).__name__}"
            raise ServerError(UNAVAILABLE, reason) from None
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._host, self._url.port
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=timeout, context=self._context
            )
        return http.client.HTTPConnection(host, port, timeout=timeout)


def _columns(value: np.ndarray) -> list[Any]:
    if value.dtype == object:
        return [{"b64": base64.b64encode(item).decode()} for item in value]
    return value.tolist()
