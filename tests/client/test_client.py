"""The client's answers are Keras' own, over gRPC and REST."""

import contextlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras.client import Client
from ali_keras.client import ServerError
from export.saved_model import export_saved_models
from tests.client import serving_models
from tests.client import serving_server

BINARY = "tensorflow_model_server"
LABELS = {"canary": 1}


def pixels(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((count, 28, 28, 1), dtype=np.float32)


@pytest.fixture(scope="module")
def model(finished):
    return finished.load()[0]


@pytest.fixture(scope="module", params=["stand-in", BINARY])
def addresses(request, finished, tmp_path_factory):
    """Address of each transport, of the tests' server and of TF Serving."""
    if request.param == BINARY and not shutil.which(BINARY):
        pytest.skip(f"{BINARY} is not on the PATH")
    folder = tmp_path_factory.mktemp("servables")
    export_saved_models(*finished.load(), folder)
    with contextlib.ExitStack() as stack:
        if request.param == BINARY:
            server = serving_server.serving_binary(shutil.which(BINARY), folder)
            grpc, rest = stack.enter_context(server)
        else:
            models = serving_models.Models(folder, LABELS)
            grpc = stack.enter_context(serving_server.serving_grpc(models))
            rest = stack.enter_context(serving_server.serving_rest(models))
        yield {"grpc": grpc, "rest": rest}


@pytest.fixture(params=["grpc", "rest"])
def address(request, addresses):
    return addresses[request.param]


@pytest.fixture
def client(address):
    with Client(address, timeout=60) as client:
        yield client


@pytest.mark.parametrize("batch", [1, 3, 70])
def test_codes_are_those_of_keras(client, model, batch):
    z_mean, z_log_sigma = client.encode(pixels(batch))
    assert z_mean.dtype == z_log_sigma.dtype == np.float32
    np.testing.assert_allclose(z_mean, model.encode(pixels(batch)), atol=1e-5)
    expected = model.encoder_ema(pixels(batch))["z_log_sigma"]
    np.testing.assert_allclose(z_log_sigma, expected, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 3, 70])
def test_images_are_those_of_keras(client, model, batch):
    z = model.sample_prior(batch, seed=1)
    images = client.decode(z)
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, model.decode(z), atol=1e-5)


def test_reconstructions_and_their_errors_are_those_of_keras(client, model):
    images = pixels(3)
    expected = np.asarray(model.reconstruct(images))
    reconstructions = client.reconstruct(images)
    np.testing.assert_allclose(reconstructions, expected, atol=1e-5)
    errors = client.reconstruction_error(images)
    assert errors.shape == (3,) and errors.dtype == np.float32
    np.testing.assert_allclose(
        errors, np.mean((images - expected) ** 2, (1, 2, 3)), atol=1e-5
    )


def test_paths_are_those_of_keras(client, model):
    ends = pixels(2, seed=1), pixels(2, seed=2)
    paths = client.interpolate(*ends, steps=5)
    assert paths.shape == (2, 5, 28, 28, 1)
    np.testing.assert_allclose(
        paths, model.interpolate(*ends, steps=5), atol=1e-5
    )


def test_features_are_those_of_keras(client, model):
    features = client.features(pixels(3))
    np.testing.assert_allclose(features, model.features(pixels(3)), atol=1e-5)


def test_encoded_images_are_decoded_by_the_server(client, model):
    images = tf.unstack(tf.constant(np.uint8(pixels(2) * 255)))
    z_mean, _ = client.encode_jpeg(
        [tf.io.encode_png(image).numpy() for image in images]
    )
    prepared = [ali_keras.preprocess(image, 28, 1) for image in images]
    np.testing.assert_allclose(
        z_mean, model.encode(tf.stack(prepared)), atol=1e-5
    )


@pytest.mark.parametrize(
    "options", [{"version": 1}, {"version_label": "canary"}]
)
def test_a_version_by_number_and_by_label(address, model, options):
    with Client(address, timeout=60, **options) as client:
        images = client.reconstruct(pixels(2))
    np.testing.assert_allclose(images, model.reconstruct(pixels(2)), atol=1e-5)


def test_other_floats_are_taken(client, model):
    z_mean, _ = client.encode(pixels(2).astype(np.float64))
    np.testing.assert_allclose(z_mean, model.encode(pixels(2)), atol=1e-5)


def test_a_refusal_passes_through_and_the_client_goes_on(address, model):
    # Unbounded, as for points: so the server is the first to object.
    with Client(address, image_range=None, timeout=60) as client:
        for images in (2 + pixels(1), -pixels(1)):
            with pytest.raises(ServerError) as raised:
                client.encode(images)
            assert raised.value.code == "INVALID_ARGUMENT"
            assert "Pixels must lie in [0, 1]" in raised.value.message
            assert "\n" not in str(raised.value)
        z_mean, _ = client.encode(pixels(1))
    np.testing.assert_allclose(z_mean, model.encode(pixels(1)), atol=1e-5)


def test_a_model_that_is_not_served_is_not_found(address):
    with Client(address, encoder="other", timeout=60) as client:
        with pytest.raises(ServerError, match="^NOT_FOUND: .*other"):
            client.encode(pixels(1))
    with Client(address, version=7, timeout=60) as client:
        with pytest.raises(ServerError, match="^NOT_FOUND: "):
            client.decode(np.zeros((1, 32)))


def test_a_label_that_is_not_set(address):
    with Client(address, version_label="other", timeout=60) as client:
        with pytest.raises(ServerError, match="label: other"):
            client.encode(pixels(1))
