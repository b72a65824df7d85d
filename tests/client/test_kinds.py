"""Servables of every kind, by their metadata alone."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import InputError
from ali_keras.client import Client
from tests import tiny
from tests.client import serving_models
from tests.client import serving_server


@contextlib.contextmanager
def serving(transport, models):
    """Yields the address of a server with one of both front ends."""
    front_ends = {
        "grpc": serving_server.serving_grpc,
        "rest": serving_server.serving_rest,
    }
    with front_ends[transport](models) as address:
        yield address


@pytest.fixture(params=["grpc", "rest"])
def transport(request):
    return request.param


@pytest.fixture(scope="module")
def tiny_model():
    return tiny.model()


@pytest.fixture(scope="module")
def bytes_in_fours(tiny_model, tmp_path_factory):
    """Servables that take 8-bit images, four at a time."""
    folder = tmp_path_factory.mktemp("bytes")
    serving_models.write(tiny_model, folder, batch_size=4, image_dtype="uint8")
    return serving_models.Models(folder)


@pytest.mark.parametrize("batch", [1, 4, 6])
def test_bytes_and_fixed_batches(tiny_model, bytes_in_fours, transport, batch):
    bytes_in_fours.reset()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (batch, 4, 4, 1), np.uint8)
    scaled = images / np.float32(255)
    files = [tf.io.encode_png(image).numpy() for image in images]
    with serving(transport, bytes_in_fours) as address, Client(address) as c:
        z_mean, _ = c.encode(images)
        reconstructions = c.reconstruct(images)
        errors = c.reconstruction_error(images)
        of_files, _ = c.encode_jpeg(files)
    np.testing.assert_allclose(z_mean, tiny_model.encode(scaled), atol=1e-5)
    np.testing.assert_allclose(of_files, z_mean, atol=1e-5)
    expected = np.asarray(tiny_model.reconstruct(scaled))
    assert reconstructions.dtype == np.uint8
    # Rounded, and another way at the middle if the last bit differs.
    assert np.abs(reconstructions - expected * 255).max() < 0.51
    np.testing.assert_allclose(
        errors,
        np.mean((scaled - reconstructions / 255) ** 2, (1, 2, 3)),
        atol=1e-5,
    )
    assert {size for _, _, size in bytes_in_fours.batches} == {4}


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_a_servable_of_bytes_gets_no_others(bytes_in_fours, transport, dtype):
    bytes_in_fours.reset()
    with serving(transport, bytes_in_fours) as address, Client(address) as c:
        with pytest.raises(InputError, match=f"uint8 .*Received: {dtype}"):
            c.encode(np.zeros((1, 4, 4, 1), dtype))
    assert not bytes_in_fours.batches


def test_a_batch_of_fixed_size_must_fit(bytes_in_fours, transport):
    with serving(transport, bytes_in_fours) as address:
        with Client(address, max_message_bytes=2048) as client:
            with pytest.raises(InputError, match="max_message_bytes"):
                client.encode_jpeg([bytes(range(1, 255)) * 2] * 2)


@pytest.fixture(scope="module")
def deterministic(tmp_path_factory):
    """A model whose encoder draws nothing, and its servables."""
    folder = tmp_path_factory.mktemp("deterministic")
    return build("bigan_mnist", folder, names=["encoder"])


@pytest.fixture(scope="module")
def mixture(tmp_path_factory):
    """A model of points, and its servables."""
    return build("mixture", tmp_path_factory.mktemp("mixture"))


def build(preset, folder, **options):
    config = ali_keras.Config.from_preset(preset, precision="float32")
    model = ali_keras.build_model(config)
    serving_models.write(model, folder, **options)
    return model, serving_models.Models(folder)


def test_a_deterministic_encoder_has_no_sigma(deterministic, transport):
    model, models = deterministic
    images = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    with serving(transport, models) as address, Client(address) as client:
        z_mean, z_log_sigma = client.encode(images)
    np.testing.assert_allclose(z_mean, model.encode(images), atol=1e-5)
    assert z_log_sigma is None


def test_points_have_no_range(mixture, transport):
    model, models = mixture
    points = np.random.default_rng(0).normal(0, 3, (5, 1, 1, 2))
    points = points.astype(np.float32)
    with serving(transport, models) as address:
        with Client(address, image_range=None) as client:
            reconstructions = client.reconstruct(points)
            with pytest.raises(InputError, match="signature encode_jpeg"):
                client.encode_jpeg([b"a picture"])
        with Client(address) as client:
            with pytest.raises(InputError, match=r"lie in \[0, 1\]"):
                client.encode(points)
    np.testing.assert_allclose(
        reconstructions, model.reconstruct(points), rtol=1e-5, atol=1e-5
    )


@pytest.fixture(scope="module")
def versions(tiny_model, tmp_path_factory):
    """Versions 1 and 2 of other weights, the first labelled."""
    folder = tmp_path_factory.mktemp("versions")
    both = {1: tiny_model, 2: tiny.model(seed=1)}
    for version, model in both.items():
        serving_models.write(model, folder, version, names=["encoder"])
    return serving_models.Models(folder, labels={"old one": 1}), both


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 2),
        ({"version": 1}, 1),
        ({"version": 2}, 2),
        ({"version_label": "old one"}, 1),
    ],
)
def test_versions_and_labels(versions, transport, options, expected):
    models, both = versions
    images = tiny.images(3)
    with serving(transport, models) as address:
        with Client(address, **options) as client:
            z_mean, _ = client.encode(images)
    np.testing.assert_allclose(z_mean, both[expected].encode(images), atol=1e-5)
    other = both[3 - expected].encode(images)
    assert np.abs(z_mean - other).max() > 1e-3
