"""The bundle's smoke test and health check, against servers of all kinds."""

import http.server
import json
import re
import shutil
import subprocess
import threading

import pytest
import yaml

from export.serving import settings
from export.serving.write import write_bundle
from tests import programs
from tests.client import serving_server
from tests.client.serving_models import Models
from tests.export.serving import servers

BINARY = shutil.which("tensorflow_model_server")


def failure(result):
    status, _, errors = result
    assert status == 1
    [line] = errors.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.slow
def test_a_server_that_serves_passes(served_bundle, models):
    models.reset()
    with servers.rest_server(models) as port:
        status, printed, errors = servers.smoke_test(served_bundle, port)
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


def test_it_waits_for_a_server(served_bundle, models):
    with servers.rest_server(models, state="LOADING") as port:
        line = failure(servers.smoke_test(served_bundle, port, timeout=0))
    assert "not available in time: decoder 1 is LOADING" in line
    line = failure(
        servers.smoke_test(served_bundle, port, timeout=0)
    )  # It has ended.
    assert "not available in time" in line and str(port) in line


@pytest.mark.parametrize("answer", [b"<html>", b"[1]", b'{"status": "ok"}'])
def test_another_server_is_one_line(served_bundle, answer):
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
        line = failure(
            servers.smoke_test(served_bundle, server.server_port, timeout=0)
        )
        server.shutdown()
        thread.join()
    assert "not available in time" in line


def test_a_server_without_the_labels_fails(served_bundle, models):
    unlabelled = Models.__new__(Models)
    unlabelled.__dict__.update(models.__dict__, labels={"canary": 2})
    with servers.rest_server(unlabelled) as port:
        line = failure(servers.smoke_test(served_bundle, port))
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
    served_bundle, models, tmp_path, fact, expected
):
    other = shutil.copytree(served_bundle, tmp_path / "bundle")
    for path in other.rglob("servable.json"):
        facts = json.loads(path.read_text())
        path.write_text(json.dumps({**facts, **fact}))
    with servers.rest_server(models) as port:
        assert re.search(expected, failure(servers.smoke_test(other, port)))


@pytest.mark.skipif(not shutil.which("bash"), reason="Needs bash.")
def test_the_health_check_sees_whether_models_are_available(
    served_bundle, models
):
    compose = yaml.safe_load((served_bundle / "docker-compose.yml").read_text())
    health = compose["services"]["serving"]["healthcheck"]["test"]
    assert health[:-1] == ["CMD", "bash", "-c"]

    def check(port):
        command = health[-1].replace("8501", str(port))
        return programs.run("bash", "-c", command)[0]

    with servers.rest_server(models) as port:
        assert check(port) == 0
    assert check(port) != 0
    with servers.rest_server(models, state="LOADING") as port:
        assert check(port) != 0
    missing = Models.__new__(Models)
    missing.__dict__.update(models.__dict__)
    missing.servables = {"encoder": models.servables["encoder"]}
    with servers.rest_server(missing) as port:
        assert check(port) != 0


@pytest.mark.skipif(not BINARY, reason="Needs tensorflow_model_server.")
@pytest.mark.parametrize("batching", [False, True])
def test_tf_serving_itself_passes_the_smoke_test(
    two_versions, tmp_path, batching
):
    bundle = write_bundle(two_versions, tmp_path / "bundle", 1, 2, batching)
    config = bundle / "models.config"
    config.write_text(config.read_text().replace("/bundle/", f"{bundle}/"))
    grpc_port, rest_port = (serving_server._free_port() for _ in range(2))
    arguments = " ".join(settings.arguments(batching))
    arguments = arguments.replace("/bundle/", f"{bundle}/")
    arguments = arguments.replace("=8500", f"={grpc_port}")
    arguments = arguments.replace("=8501", f"={rest_port}").split()
    log = tmp_path / "log"
    with (
        log.open("w") as file,
        subprocess.Popen([BINARY, *arguments], stderr=file) as process,
    ):
        try:
            status, _, errors = servers.smoke_test(
                bundle, rest_port, timeout=120
            )
        finally:
            process.terminate()
    assert status == 0, errors + log.read_text()
