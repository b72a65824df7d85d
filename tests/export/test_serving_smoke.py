"""The bundle's smoke test and what docs/serving.md has people run."""

import contextlib
import http.server
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow as tf
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

import ali_keras
from export import serving
from export.saved_model import export_saved_models
from tests import programs
from tests.client import serving_server
from tests.client.serving_models import Models

DOCUMENT = (programs.CHECKOUT / "docs" / "serving.md").read_text()
BINARY = shutil.which("tensorflow_model_server")


class Handler(serving_server.RestHandler):
    """Tells the state of versions too, as far as `Models` has them."""

    def do_GET(self):
        match = re.fullmatch(r"/v1/models/(\w+)(?:/versions/(\d+))?", self.path)
        if not match:
            return super().do_GET()
        models, (name, wanted) = self.server.models, match.groups()
        states = [
            {"version": str(version), "state": self.server.state}
            for version in models.servables.get(name, ())
            if wanted in (None, str(version))
        ]
        content = json.dumps({"model_version_status": states}).encode()
        self.send_response(200 if states else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def rest_server(models, state="AVAILABLE"):
    """Yields the port of a server of models in a state."""
    with serving_server.RestServer(0, models) as server:
        server.RequestHandlerClass, server.state = Handler, state
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def saved_models(tmp_path_factory):
    """Folder of two versions of the servables."""
    folder = tmp_path_factory.mktemp("saved_models")
    config = ali_keras.Config.from_preset("mnist", precision="float32")
    paths = export_saved_models(ali_keras.build_model(config), config, folder)
    for path in paths.values():
        shutil.copytree(path, path.with_name("2"))
    return folder


@pytest.fixture(scope="module")
def bundle(saved_models, tmp_path_factory):
    output = tmp_path_factory.mktemp("bundles") / "bundle"
    return serving.write_bundle(saved_models, output, 1, canary_version=2)


@pytest.fixture(scope="module")
def models(bundle):
    return Models(bundle / "models", {"stable": 1, "canary": 2})


def smoke_test(bundle, port, timeout=20):
    """Runs the smoke test where nothing but Python's own modules is seen."""
    flags = (f"--address=127.0.0.1:{port}", f"--timeout={timeout}")
    script = bundle / "smoke_test.py"
    return programs.run(sys.executable, "-I", "-S", script, *flags)


def failure(result):
    status, _, errors = result
    assert status == 1
    [line] = errors.splitlines()
    assert line.startswith("error: ")
    return line


def test_a_server_that_serves_passes(bundle, models):
    models.reset()
    with rest_server(models) as port:
        status, printed, errors = smoke_test(bundle, port)
    assert (status, errors) == (0, "")
    assert printed.splitlines() == [
        "encoder canary (version 2): 1 x 32",
        "decoder canary (version 2): 1 x 28 x 28 x 1",
        "encoder stable (version 1): 1 x 32",
        "decoder stable (version 1): 1 x 28 x 28 x 1",
        "All well.",
    ]
    asked = [("encoder", "encode", 1), ("decoder", "decode", 1)]
    assert models.batches == 2 * asked


def test_it_waits_for_a_server(bundle, models):
    with rest_server(models, state="LOADING") as port:
        line = failure(smoke_test(bundle, port, timeout=0))
    assert "not available in time: decoder 1 is LOADING" in line
    line = failure(smoke_test(bundle, port, timeout=0))  # It has ended.
    assert "not available in time" in line and str(port) in line


@pytest.mark.parametrize("answer", [b"<html>", b"[1]", b'{"status": "ok"}'])
def test_another_server_is_one_line(bundle, answer):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        line = failure(smoke_test(bundle, server.server_port, timeout=0))
        server.shutdown()
        thread.join()
    assert "not available in time" in line


def test_a_server_without_the_labels_fails(bundle, models):
    unlabelled = Models.__new__(Models)
    unlabelled.__dict__.update(models.__dict__, labels={"canary": 2})
    with rest_server(unlabelled) as port:
        line = failure(smoke_test(bundle, port))
    assert "/v1/models/encoder/labels/stable:predict: HTTP 400" in line


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (
            {"latent_dim": 31},
            r"encoder .*: shape \[1, 32\], expected \[1, 31\]",
        ),
        ({"image_range": [2, 3]}, "decoder .*: 0.*, expected 2 to 3"),
        ({"image_shape": [14, 14, 1]}, "HTTP 400"),
    ],
)
def test_other_answers_than_the_bundle_promises_fail(
    bundle, models, tmp_path, fact, expected
):
    other = shutil.copytree(bundle, tmp_path / "bundle")
    for path in other.rglob("servable.json"):
        facts = json.loads(path.read_text())
        path.write_text(json.dumps({**facts, **fact}))
    with rest_server(models) as port:
        assert re.search(expected, failure(smoke_test(other, port)))


@pytest.mark.skipif(not shutil.which("bash"), reason="Needs bash.")
def test_the_health_check_sees_whether_models_are_available(bundle, models):
    compose = yaml.safe_load((bundle / "docker-compose.yml").read_text())
    health = compose["services"]["serving"]["healthcheck"]["test"]
    assert health[:-1] == ["CMD", "bash", "-c"]

    def check(port):
        command = health[-1].replace("8501", str(port))
        return programs.run("bash", "-c", command)[0]

    with rest_server(models) as port:
        assert check(port) == 0
    assert check(port) != 0
    with rest_server(models, state="LOADING") as port:
        assert check(port) != 0
    missing = Models.__new__(Models)
    missing.__dict__.update(models.__dict__)
    missing.servables = {"encoder": models.servables["encoder"]}
    with rest_server(missing) as port:
        assert check(port) != 0


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


def shell(script, folder):
    """Runs a script in bash, with `python` and `python3` those of the tests."""
    python = shlex.quote(sys.executable)
    functions = f'python() {{ {python} "$@"; }}\npython3() {{ python "$@"; }}\n'
    result = subprocess.run(
        ["bash", "-c", functions + script],  # noqa: S607
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(programs.CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="Needs curl.")
def test_the_requests_of_the_document_are_answered(models, tmp_path):
    [block] = [text for text in blocks("sh") if "curl --data" in text]
    picture = np.full((40, 30, 3), 128, np.uint8)
    (tmp_path / "digit.png").write_bytes(tf.io.encode_png(picture).numpy())
    requests, _, last = block.rpartition("curl --data '")
    with rest_server(models) as port:
        printed = shell(requests.replace("8501", str(port)), tmp_path)
    decoder, answers = json.JSONDecoder(), []
    while printed:
        answer, end = decoder.raw_decode(printed)
        answers.append(answer["outputs"])
        printed = printed[end:].lstrip()
    encoded, encoded_file, decoded = answers
    assert np.shape(encoded["z_mean"]) == (1, 32)
    assert np.shape(encoded_file["z_log_sigma"]) == (1, 32)
    assert np.shape(decoded) == (1, 28, 28, 1)
    body = json.loads(last.partition("'")[0])
    inputs = {k: np.int32(v) for k, v in body["inputs"].items()}
    decoder = models.servables["decoder"][1]
    generated = decoder.run(body["signature_name"], inputs)
    assert generated["image"].shape == (4, 28, 28, 1)


@pytest.mark.slow
def test_the_python_of_the_document_gets_an_answer(models):
    [program] = blocks("python")
    with serving_server.serving_grpc(models) as address:
        program = program.replace("127.0.0.1:8500", address)
        program += "print(z_mean.shape)"
        status, said, errors = programs.run(sys.executable, "-c", program)
    assert (status, said) == (0, "(1, 32)\n"), errors


def test_the_command_of_the_document_is_that_of_the_bundle(bundle, tmp_path):
    [block] = [text for text in blocks("sh") if "sed " in text]
    _, sed, command = re.sub(r"\\\n\s*", "", block).strip().split("\n")
    copy = shutil.copytree(bundle, tmp_path / "serving")
    shell(sed, copy)
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((copy / "local.config").read_text(), config)
    for model in config.model_config_list.config:
        assert (pathlib.Path(model.base_path) / "1" / "saved_model.pb").exists()
    expected = [
        argument.replace("/bundle/models.config", "/bundle/local.config")
        for argument in serving.arguments()
    ]
    _, *arguments = command.replace("$PWD", "/bundle").split()
    assert arguments == expected


@pytest.mark.slow
def test_a_canary_comes_and_becomes_stable(saved_models, tmp_path):
    [block] = [text for text in blocks("sh") if "--canary_version" in text]
    shutil.copytree(saved_models, tmp_path / "export")
    serving.write_bundle(saved_models, tmp_path / "serving", version=1)

    def labels():
        config = model_server_config_pb2.ModelServerConfig()
        text = (tmp_path / "serving" / "models.config").read_text()
        text_format.Parse(text, config)
        for model in config.model_config_list.config:
            for version in model.model_version_policy.specific.versions:
                path = tmp_path / "serving" / "models" / model.name
                assert (path / str(version) / "saved_model.pb").exists()
            yield dict(model.version_labels)

    assert list(labels()) == 2 * [{"stable": 1}]
    first, second = re.split(r"# 2\..*\n", block)
    shell(first, tmp_path)
    assert list(labels()) == 2 * [{"stable": 1, "canary": 2}]
    shell(second, tmp_path)
    assert list(labels()) == 2 * [{"stable": 2}]
    readme = (tmp_path / "serving" / "README.md").read_text()
    assert "stable = version 2" in readme


@pytest.mark.skipif(not BINARY, reason="Needs tensorflow_model_server.")
@pytest.mark.parametrize("batching", [False, True])
def test_tf_serving_itself_passes_the_smoke_test(
    saved_models, tmp_path, batching
):
    bundle = serving.write_bundle(
        saved_models, tmp_path / "bundle", 1, 2, batching
    )
    config = bundle / "models.config"
    config.write_text(config.read_text().replace("/bundle/", f"{bundle}/"))
    grpc_port, rest_port = (serving_server._free_port() for _ in range(2))
    arguments = " ".join(serving.arguments(batching))
    arguments = arguments.replace("/bundle/", f"{bundle}/")
    arguments = arguments.replace("=8500", f"={grpc_port}")
    arguments = arguments.replace("=8501", f"={rest_port}").split()
    log = tmp_path / "log"
    with (
        log.open("w") as file,
        subprocess.Popen([BINARY, *arguments], stderr=file) as process,
    ):
        try:
            status, _, errors = smoke_test(bundle, rest_port, timeout=120)
        finally:
            process.terminate()
    assert status == 0, errors + log.read_text()
