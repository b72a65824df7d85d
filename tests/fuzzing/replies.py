"""Replies of TF Serving to the client, and edits that spoil them."""

import contextlib
import copy
import io
import json
import re
import unittest.mock

import grpc
import numpy as np
from google.protobuf import json_format
from google.protobuf.message import DecodeError

from ali_keras.client import Client
from ali_keras.client import messages
from ali_keras.client import tensors

IMAGES = np.full((2, 4, 4, 1), 0.5, np.float32)
CODES = np.zeros((2, 3), np.float32)
INPUTS = {
    "encode": {"image": IMAGES},
    "encode_jpeg": {"image_bytes": np.array([b"1", b"2"], object)},
    "features": {"image": IMAGES},
    "decode": {"z": CODES},
}
OUTPUTS = {
    "encode": {"z_mean": CODES, "z_log_sigma": CODES},
    "encode_jpeg": {"z_mean": CODES, "z_log_sigma": CODES},
    "features": {"features": np.ones((2, 5), np.float32)},
    "decode": {"image": IMAGES},
}


def info(array):
    """`TensorInfo` of an array, with a batch of any size."""
    proto = tensors.to_proto(array)
    sizes = [-1, *array.shape[1:]]
    dims = [{"size": size} for size in sizes]
    return {"dtype": proto.dtype, "tensor_shape": {"dim": dims}}


SIGNATURES = messages.SignatureDefMap(
    signature_def={
        name: {
            "inputs": {key: info(value) for key, value in inputs.items()},
            "outputs": {
                key: info(value) for key, value in OUTPUTS[name].items()
            },
        }
        for name, inputs in INPUTS.items()
    }
)
METADATA = json_format.MessageToDict(SIGNATURES, True)
METADATA = {"metadata": {"signature_def": METADATA}}


def prediction(name):
    """`PredictResponse` of a signature."""
    outputs = {k: tensors.to_proto(v) for k, v in OUTPUTS[name].items()}
    return messages.PredictResponse(outputs=outputs)


def rest_prediction(name):
    """The JSON object that TF Serving answers with."""
    outputs = {key: value.tolist() for key, value in OUTPUTS[name].items()}
    if len(outputs) == 1:
        [outputs] = outputs.values()
    return {"outputs": outputs}


def places(value):
    """Yields each container of a JSON value with each of its keys."""
    keys = {dict: list, list: lambda items: range(len(items))}
    for key in keys.get(type(value), lambda _: ())(value):
        yield value, key
        yield from places(value[key])


def edit_json(value, edits):
    """Edits a copy of a JSON value."""
    value = copy.deepcopy(value)
    for place, new in edits:
        known = list(places(value))
        if not known:
            break
        owner, key = known[place % len(known)]
        if new == "delete":
            del owner[key]
        elif new == "double":
            owner[key] = [owner[key], owner[key]]
        else:
            owner[key] = copy.deepcopy(new)
    return value


def edit_bytes(content, edits):
    """Edits bytes."""
    for place, number, new in edits:
        place %= len(content) + 1
        content = content[:place] + new + content[place + number :]
    return content


class Broken(grpc.RpcError):
    """What gRPC raises for a message that it cannot read."""

    def code(self):
        return grpc.StatusCode.INTERNAL

    def details(self):
        return "Exception deserializing response!"


class Channel:
    """A gRPC channel whose server answers with what `reply` makes.

    Args:
        reply: Function of a signature's name, `None` for the metadata, to
            bytes.
    """

    def __init__(self, reply):
        self.reply = reply

    def unary_unary(self, path, serialize, read):
        def call(request, timeout):
            spec = request.model_spec
            try:
                return read(self.reply(spec.signature_name or None))
            except DecodeError:
                raise Broken from None

        return call

    def close(self):
        """Nothing is open."""


class Socket:
    """A connected socket whose server answers with what `reply` makes."""

    def __init__(self, reply):
        self.reply = reply
        self.request = b""

    def sendall(self, content):
        self.request += content

    def makefile(self, mode):
        name = re.search(rb'"signature_name":"(\w+)"', self.request)
        return io.BytesIO(self.reply(name and name[1].decode()))

    def settimeout(self, seconds):
        """Answers at once."""

    def close(self):
        """Nothing is open."""


@contextlib.contextmanager
def asking(transport, reply):
    """Yields a client whose server answers with what `reply` makes."""

    def connect(connection):
        connection.sock = Socket(reply)

    address = {"grpc": "localhost:1", "rest": "http://localhost:1"}[transport]
    with (
        unittest.mock.patch("grpc.insecure_channel", lambda *_: Channel(reply)),
        unittest.mock.patch("http.client.HTTPConnection.connect", connect),
        Client(address, tries=1) as client,
    ):
        yield client


def over_http(content, status="200 OK"):
    """A whole answer over HTTP."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def as_messages(name, edits):
    """A reply over gRPC, of which the fields were edited."""
    message = SIGNATURES if name is None else prediction(name)
    edited = edit_json(json_format.MessageToDict(message, True), edits)
    # What no message can hold is left as it was.
    with contextlib.suppress(json_format.ParseError, SystemError):
        message = json_format.ParseDict(edited, type(message)(), True)
    return in_metadata(name, message.SerializeToString())


def in_metadata(name, content):
    """The signatures as they travel, or the bytes as they are."""
    if name is not None:
        return content
    packed = {"signature_def": {"value": content}}
    message = messages.GetModelMetadataResponse(metadata=packed)
    return message.SerializeToString()


def as_message_bytes(name, edits):
    """A reply over gRPC, of which the bytes were edited."""
    message = SIGNATURES if name is None else prediction(name)
    content = edit_bytes(message.SerializeToString(), edits)
    return in_metadata(name, content)


def as_json(name, edits):
    """A reply over REST, of which the values were edited."""
    answer = METADATA if name is None else rest_prediction(name)
    return over_http(json.dumps(edit_json(answer, edits)).encode())


def as_http(name, edits):
    """A reply over REST, of which the bytes were edited, head and all."""
    answer = METADATA if name is None else rest_prediction(name)
    return edit_bytes(over_http(json.dumps(answer).encode()), edits)
