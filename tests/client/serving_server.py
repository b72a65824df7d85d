"""A server for tests that answers as TF Serving does, over real sockets.

Paths, protos, JSON and status codes are TF Serving's. It is not TF Serving:
it does not batch, and does not look for new versions. Where TF Serving's own
program is on the PATH, `serving_binary` runs that.
"""

import concurrent.futures
import contextlib
import http.client
import http.server
import json
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import grpc
import tensorflow as tf
from google.protobuf import json_format
from google.protobuf import text_format
from tensorflow_serving.apis import get_model_metadata_pb2
from tensorflow_serving.apis import model_pb2
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_service_pb2_grpc
from tensorflow_serving.config import model_server_config_pb2

from tests.client import serving_json
from tests.client.serving_models import Refusal

HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "NOT_FOUND": 404,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}
PATH = re.compile(
    r"/v1/models/(?P<name>[^/:]+)"
    r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
    r"(?P<verb>:predict|/metadata)"
)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """The gRPC front end."""

    def __init__(self, models):
        self.models = models

    def Predict(self, request, context):
        return self._answer(self.models.predict, request, context)

    def GetModelMetadata(self, request, context):
        return self._answer(self.models.metadata, request, context)

    def _answer(self, method, request, context):
        try:
            return method(request)
        except Refusal as refusal:
            context.abort(grpc.StatusCode[refusal.code], str(refusal))


class RestHandler(http.server.BaseHTTPRequestHandler):
    """The REST front end; its server has `models`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer("/metadata", self._metadata)

    def do_POST(self):
        self._answer(":predict", self._predict)

    def log_message(self, *args):
        pass

    def _answer(self, verb, method):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match = PATH.fullmatch(self.path)
        status = 200
        try:
            if not match or match["verb"] != verb:
                line = f"Malformed request: {self.command} {self.path}"
                raise Refusal("INVALID_ARGUMENT", line)
            content = method(_spec(match), body)
        except Refusal as refusal:
            status = HTTP_STATUS[refusal.code]
            content = json.dumps({"error": str(refusal)}, indent=4)
        content = content.encode()
        # A client may have gone at its deadline.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def _metadata(self, spec, _):
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=spec
        )
        answer = self.server.models.metadata(request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        answer.metadata["signature_def"].Unpack(signatures)
        return json.dumps(
            {
                "model_spec": _to_dict(answer.model_spec),
                "metadata": {"signature_def": _to_dict(signatures)},
            }
        )

    def _predict(self, spec, body):
        models = self.server.models
        try:
            body = json.loads(body)
            spec.signature_name = body.get("signature_name", "serving_default")
            _, servable = models.find(spec)
            if spec.signature_name not in servable.signatures:
                raise Refusal(
                    "INVALID_ARGUMENT",
                    f'Serving signature name: "{spec.signature_name}" not '
                    "found in signature def",
                )
            signature = servable.signatures[spec.signature_name]
            inputs = serving_json.read_inputs(body, signature)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise Refusal("INVALID_ARGUMENT", str(error)) from None
        request = predict_pb2.PredictRequest(model_spec=spec)
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        answer = models.predict(request)
        outputs = {k: tf.make_ndarray(v) for k, v in answer.outputs.items()}
        return serving_json.write_outputs(outputs, "instances" in body)


class RestServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, models):
        super().__init__(("127.0.0.1", port), RestHandler)
        self.models = models

    def handle_error(self, request, client_address):
        """Prints nothing: clients may leave."""


@contextlib.contextmanager
def serving_grpc(models, port=0, credentials=None):
    """Yields the address of a gRPC server."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        server = grpc.server(
            pool,
            options=[("grpc.max_receive_message_length", 2**31 - 1)],
        )
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            PredictionService(models), server
        )
        address = f"127.0.0.1:{port}"
        if credentials:
            port = server.add_secure_port(address, credentials)
        else:
            port = server.add_insecure_port(address)
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            models.stopping.set()
            server.stop(None).wait()
            models.stopping.clear()


@contextlib.contextmanager
def serving_rest(models, port=0, context=None):
    """Yields the URL of a REST server."""
    with RestServer(port, models) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            scheme = "https" if context else "http"
            yield f"{scheme}://127.0.0.1:{server.server_port}"
        finally:
            models.stopping.set()
            server.shutdown()
            thread.join()
            models.stopping.clear()


@contextlib.contextmanager
def serving_binary(binary, folder, labels=None):
    """Runs TF Serving itself; yields the addresses for gRPC and REST.

    Args:
        binary: Path of `tensorflow_model_server`.
        folder: Path of a folder of NAME/VERSION.
        labels: Dictionary of versions by label.
    """
    folder = pathlib.Path(folder)
    config = model_server_config_pb2.ModelServerConfig()
    for path in sorted(folder.glob("*/")):
        model = config.model_config_list.config.add(
            name=path.name, base_path=str(path), model_platform="tensorflow"
        )
        model.model_version_policy.all.SetInParent()
        model.version_labels.update(labels or {})
    config_file = folder / "models.config"
    config_file.write_text(text_format.MessageToString(config))
    ports = [_free_port(), _free_port()]
    command = [
        str(binary),
        f"--port={ports[0]}",
        f"--rest_api_port={ports[1]}",
        f"--model_config_file={config_file}",
        "--allow_version_labels_for_unavailable_models=true",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            url = f"http://127.0.0.1:{ports[1]}"
            _wait_for(ports[1], process)
            yield f"127.0.0.1:{ports[0]}", url
        finally:
            process.terminate()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port, process, seconds=60):
    # It listens when all that the configuration names is loaded.
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/v1/models/encoder/metadata")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"TF Serving did not answer at port {port}.")


def _spec(match):
    spec = model_pb2.ModelSpec(name=urllib.parse.unquote(match["name"]))
    if match["version"]:
        spec.version.value = int(match["version"])
    elif match["label"]:
        spec.version_label = urllib.parse.unquote(match["label"])
    return spec


def _to_dict(message):
    return json_format.MessageToDict(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
