"""What the client refuses before anything is sent; TLS; the document."""

import copy
import pathlib
import re
import runpy
import shutil
import ssl
import subprocess

import grpc
import numpy as np
import pytest

from ali_keras import InputError
from ali_keras.client import Client
from ali_keras.client import DeadlineError
from ali_keras.client import ServerError
from tests import tiny
from tests.client import serving_models
from tests.client import serving_server

ROOT = pathlib.Path(__file__).parents[2]
IMAGES = tiny.images(2)
WITH_NAN = IMAGES * np.where(np.arange(2) == 1, np.nan, 1)[:, None, None, None]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("servables")
    serving_models.write(tiny.model(), folder)
    return serving_models.Models(folder)


@pytest.fixture(scope="module", params=["grpc", "rest"])
def client(request, models):
    front_end = getattr(serving_server, f"serving_{request.param}")
    with front_end(models) as address, Client(address) as client:
        client.reconstruct(IMAGES)  # Now it knows both models.
        yield client


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[0], r"shape \(batch, 4, 4, 1\). Received: \(4, 4, 1\)"),
        (IMAGES[..., 0], r"\(batch, 4, 4, 1\). Received: \(2, 4, 4\)"),
        (np.zeros((2, 5, 4, 1)), r"Received: \(2, 5, 4, 1\)"),
        (0.5, r"Received: \(\)"),
        (IMAGES[:0], "at least one item. Received: none"),
        (np.uint8(IMAGES), r"floats in \[0, 1\] .* Received: uint8"),
        (IMAGES > 0.5, "array of numbers. Received: bool"),
        (IMAGES * 1j, "array of numbers. Received: complex"),
        (IMAGES.astype(str), "array of numbers. Received: <U"),
        (None, "array of numbers. Received: object"),
        ([[1.0], [1.0, 2.0]], "one array of numbers. Received: list"),
        (IMAGES * 255, r"lie in \[0, 1\]. Received: values from .* to 24"),
        (IMAGES - 0.5, r"lie in \[0, 1\]. Received: values from -0\."),
        (WITH_NAN, "finite. Received: NaN"),
        (np.full((1, 4, 4, 1), 1e300), "finite"),
        (IMAGES - np.inf, "finite"),
    ],
)
@pytest.mark.parametrize(
    "method", ["encode", "features", "reconstruct", "reconstruction_error"]
)
def test_bad_images_are_not_sent(client, models, method, images, message):
    before = models.num_requests
    with pytest.raises(InputError, match=message) as raised:
        getattr(client, method)(images)
    assert "\n" not in str(raised.value)
    assert models.num_requests == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IMAGES, IMAGES[:1]), "of one length. Received: 2 and 1"),
        ((IMAGES, IMAGES * 2), r"lie in \[0, 1\]"),
        ((IMAGES, IMAGES, 1), "at least 2. Received: 1"),
        ((IMAGES, IMAGES, 2.0), "integer of at least 2. Received: 2.0"),
        ((IMAGES, IMAGES, True), "Received: True"),
    ],
)
def test_bad_ends_are_not_sent(client, models, arguments, message):
    before = models.num_requests
    with pytest.raises(InputError, match=message):
        client.interpolate(*arguments)
    assert models.num_requests == before


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((2, 4)), r"z must be of shape \(batch, 3\). .*\(2, 4\)"),
        (np.zeros(3), r"Received: \(3,\)"),
        (np.zeros((0, 3)), "at least one item"),
        (np.zeros((1, 3), int), "floats .*Received: int64"),
        (np.full((1, 3), np.nan), "finite"),
    ],
)
def test_bad_codes_are_not_sent(client, models, z, message):
    before = models.num_requests
    with pytest.raises(InputError, match=message):
        client.decode(z)
    assert models.num_requests == before


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (b"one image", "list of bytes.* Received: bytes"),
        ([], "Received: an empty list"),
        ([b"one", "two"], "Received: str at 1"),
        ([b"one", b""], "Received: nothing at 1"),
    ],
)
def test_bad_encoded_images_are_not_sent(client, models, images, message):
    before = models.num_requests
    with pytest.raises(InputError, match=message):
        client.encode_jpeg(images)
    assert models.num_requests == before


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "1"])
def test_bad_timeouts(client, timeout):
    with pytest.raises(InputError, match="timeout must be finite seconds"):
        client.encode(IMAGES, timeout=timeout)


@pytest.mark.parametrize(
    ("address", "options", "message"),
    [
        ("localhost", {}, "HOST:PORT"),
        ("localhost:port", {}, "HOST:PORT"),
        ("ftp://localhost:1", {}, "HOST:PORT"),
        (8500, {}, "HOST:PORT.*Received: 8500"),
        ("example.org:8500", {}, "plaintext=True.*example.org"),
        ("http://192.0.2.1:8501", {}, "plaintext=True"),
        ("localhost:1", {"version": 1, "version_label": "a"}, "not by both"),
        ("localhost:1", {"version": 0}, "version must be an integer"),
        ("localhost:1", {"tries": 0}, "tries must be an integer"),
        ("localhost:1", {"max_batch_size": 1.5}, "max_batch_size must be"),
        ("localhost:1", {"max_message_bytes": 9}, "max_message_bytes must"),
        ("localhost:1", {"timeout": None}, "timeout must"),
        ("localhost:1", {"image_range": (1, 0)}, "image_range must"),
        ("localhost:1", {"image_range": 1}, "image_range must"),
        ("http://localhost:1", {"credentials": "secret"}, "none for http"),
        ("localhost:1", {"credentials": "secret"}, "for gRPC.*Received: str"),
    ],
)
def test_bad_options(address, options, message):
    with pytest.raises(InputError, match=message):
        Client(address, **options)


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("example.org:8500", {"plaintext": True}),
        ("https://example.org", {}),
        ("[::1]:8500", {}),
        ("unix:/run/serving.sock", {}),
        (
            "example.org:8500",
            {"credentials": grpc.ssl_channel_credentials()},
        ),
    ],
)
def test_good_options(address, options):
    Client(address, **options).close()


def test_errors_survive_a_copy():
    for error in (ServerError("ABORTED", "a\n b"), DeadlineError("late")):
        copied = copy.copy(error)
        assert type(copied) is type(error)
        assert (copied.code, str(copied)) == (error.code, str(error))
    assert str(copied) == "DEADLINE_EXCEEDED: late"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Key and self-signed certificate of 127.0.0.1."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not on the PATH")
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "chain.pem"
    subject = ["-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1"]
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    files = ["-keyout", key, "-out", chain]
    subprocess.run(
        [openssl, "req", "-x509", "-nodes", *new_key, *subject, *files],
        check=True,
        capture_output=True,
    )
    return key, chain


def test_tls_over_grpc(models, certificate):
    key, chain = (path.read_bytes() for path in certificate)
    server = grpc.ssl_server_credentials([(key, chain)])
    trusted = grpc.ssl_channel_credentials(chain)
    with serving_server.serving_grpc(models, credentials=server) as address:
        with Client(address, credentials=trusted) as client:
            assert client.encode(IMAGES).z_mean.shape == (2, 3)
        with Client(address) as client:  # In plaintext.
            with pytest.raises(ServerError, match="UNAVAILABLE"):
                client.encode(IMAGES)


def test_tls_over_rest(models, certificate):
    key, chain = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    trusted = ssl.create_default_context(cafile=chain)
    with serving_server.serving_rest(models, context=context) as address:
        with Client(address, credentials=trusted) as client:
            assert client.encode(IMAGES).z_mean.shape == (2, 3)
        with Client(address) as client:
            with pytest.raises(ServerError, match="UNAUTHENTICATED: .*verify"):
                client.encode(IMAGES)


def test_the_package_itself_needs_no_client():
    for path in (ROOT / "ali_keras").rglob("*.py"):
        if path.parent.name != "client":
            assert not re.search(
                r"^\s*(import|from) (grpc|ali_keras\.client)",
                path.read_text(),
                re.MULTILINE,
            )


@pytest.mark.parametrize("front_end", ["grpc", "rest"])
def test_the_example_of_the_document_runs(front_end, tmp_path, models, capsys):
    page = (ROOT / "docs" / "client.md").read_text()
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    with getattr(serving_server, f"serving_{front_end}")(models) as address:
        program = example.replace("localhost:8500", address)
        program = program.replace("28, 28, 1", "4, 4, 1")
        assert program.count(address) == 1 and "4, 4, 1" in program
        (tmp_path / "example.py").write_text(program)
        names = runpy.run_path(str(tmp_path / "example.py"))
    assert names["paths"].shape == (2, 8, 4, 4, 1)
    assert "INVALID_ARGUMENT" not in capsys.readouterr().out
