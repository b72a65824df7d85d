"""How the client asks: in parts, again, in time, or not at all."""

import concurrent.futures
import socket
import time

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import InputError
from ali_keras.client import Client
from ali_keras.client import DeadlineError
from ali_keras.client import ServerError
from ali_keras.client import client as client_module
from export import warmup
from tests import tiny
from tests.client import serving_models
from tests.client import serving_server

FRONT_ENDS = {
    "grpc": serving_server.serving_grpc,
    "rest": serving_server.serving_rest,
}


@pytest.fixture(scope="module")
def model():
    return tiny.model()


@pytest.fixture(scope="module")
def all_models(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("servables")
    serving_models.write(model, folder)
    return serving_models.Models(folder)


@pytest.fixture
def models(all_models):
    all_models.reset()
    return all_models


@pytest.fixture(params=["grpc", "rest"])
def transport(request):
    return request.param


@pytest.fixture
def address(models, transport):
    with FRONT_ENDS[transport](models) as address:
        yield address


@pytest.fixture
def client(address):
    with Client(address) as client:
        yield client


def sizes(models):
    return [rows for _, _, rows in models.batches]


def test_a_batch_over_the_limit_of_rows_goes_in_parts(client, model, models):
    images = tiny.images(150)
    models.batching_limit = 64
    z_mean, z_log_sigma = client.encode(images)
    assert sizes(models) == [64, 64, 22]
    np.testing.assert_allclose(z_mean, model.encode(images), atol=1e-5)
    assert z_log_sigma.shape == z_mean.shape
    models.reset()
    client.interpolate(images[:2], images[2:4], steps=40)
    assert sizes(models) == [4, 64, 16]


def test_a_batch_over_the_limit_of_bytes_goes_in_parts(
    address, transport, model, models
):
    images = tiny.images(60)
    with Client(address, max_message_bytes=3000) as client:
        z_mean = client.encode(images).z_mean
        sent = sizes(models)
        models.reset()
        decoded = client.decode(z_mean)  # Small in, large out.
    # Less the envelope's: 64 bytes for an image in gRPC, more as JSON.
    assert sent == ([30, 30] if transport == "grpc" else [4] * 15)
    assert len(models.batches) >= 2
    np.testing.assert_allclose(z_mean, model.encode(images), atol=1e-5)
    np.testing.assert_allclose(decoded, model.decode(z_mean), atol=1e-5)


def test_encoded_images_are_parted_by_their_lengths(address, models):
    rng = np.random.default_rng(0)
    small, large, huge = (
        tf.io.encode_png(rng.integers(0, 256, (side, side, 1), np.uint8))
        for side in (4, 40, 80)
    )
    images = [image.numpy() for image in (small, small, large, small, large)]
    with Client(address, max_message_bytes=4096) as client:
        together = client.encode_jpeg(images).z_mean
        assert sizes(models) == [4, 1]
        alone = [client.encode_jpeg([image]).z_mean[0] for image in images]
        np.testing.assert_allclose(together, alone, atol=1e-5)
        before = models.num_requests
        with pytest.raises(InputError, match="max_message_bytes=4096"):
            client.encode_jpeg([*images, huge.numpy()])
        assert models.num_requests == before


def test_without_parts_the_limits_are_real(address, models):
    models.batching_limit = 64
    with Client(address, max_batch_size=100) as client:
        with pytest.raises(ServerError, match="Task size 65 is larger"):
            client.encode(tiny.images(65))


def test_the_limits_are_those_of_the_exports():
    assert client_module.MAX_BATCH_SIZE == warmup.BATCHING_LIMIT


def test_what_the_server_says_of_itself_is_asked_once(client, models):
    assert models.num_requests == 0  # Not before it is needed.
    client.encode(tiny.images())
    assert models.num_requests == 2
    client.encode(tiny.images())
    assert models.num_requests == 3
    client.reconstruct(tiny.images())
    assert models.num_requests == 6


def test_it_tries_again_while_the_server_is_unavailable(client, model, models):
    client.encode(tiny.images())
    models.reset()
    models.unavailable = 2
    z_mean, _ = client.encode(tiny.images())
    assert models.num_requests == 3
    np.testing.assert_allclose(z_mean, model.encode(tiny.images()), atol=1e-5)


def test_metadata_is_tried_again_too(client, models):
    models.unavailable = 2
    client.encode(tiny.images())
    assert models.num_requests == 4


@pytest.mark.parametrize("tries", [1, 3])
def test_tries_are_bounded(address, models, tries):
    with Client(address, tries=tries) as client:
        models.unavailable = 100
        with pytest.raises(ServerError, match="^UNAVAILABLE: .*away"):
            client.encode(tiny.images())
        assert models.num_requests == tries
        models.unavailable = 0
        client.encode(tiny.images())


def test_tries_end_within_the_deadline(address, models):
    models.unavailable = 10**6
    start = time.monotonic()
    with Client(address, tries=10**6) as client:
        with pytest.raises(ServerError, match="UNAVAILABLE|DEADLINE_EXCEEDED"):
            client.encode(tiny.images(), timeout=0.5)
    assert time.monotonic() - start < 2
    assert models.num_requests > 1


def test_nothing_else_is_tried_again(address, models):
    with Client(address, image_range=None) as client:
        client.encode(tiny.images())
        models.reset()
        with pytest.raises(ServerError, match="INVALID_ARGUMENT"):
            client.encode(-tiny.images())
    assert models.num_requests == 1


def test_an_absent_server_is_unavailable(transport):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    if transport == "rest":
        address = f"http://{address}"
    with Client(address) as client:
        with pytest.raises(ServerError, match="^UNAVAILABLE: .*refused"):
            client.encode(tiny.images())


def test_a_server_may_come_late_and_come_back(models, model, transport):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"{'http://' if transport == 'rest' else ''}127.0.0.1:{port}"
    with (
        Client(address, tries=100, timeout=30) as client,
        concurrent.futures.ThreadPoolExecutor() as pool,
    ):
        for _ in range(2):
            z = pool.submit(client.encode, tiny.images())
            time.sleep(0.3)
            assert not z.done()
            with FRONT_ENDS[transport](models, port):
                z_mean, _ = z.result()
            np.testing.assert_allclose(
                z_mean, model.encode(tiny.images()), atol=1e-5
            )


def test_a_late_answer_is_a_deadline_exceeded(client, models):
    client.encode(tiny.images())
    models.reset()
    models.delay = 5
    start = time.monotonic()
    with pytest.raises(DeadlineError, match=r"^DEADLINE_EXCEEDED: .*0\.2 s"):
        client.encode(tiny.images(), timeout=0.2)
    assert time.monotonic() - start < 2
    assert models.num_requests == 1
    models.delay = 0
    client.encode(tiny.images())


def test_the_deadline_is_that_of_all_parts(address, models):
    with Client(address, timeout=1) as client:
        client.encode(tiny.images(), timeout=10)
        models.reset()
        models.delay = 0.9
        start = time.monotonic()
        with pytest.raises(DeadlineError, match="given: 1 s"):
            client.encode(tiny.images(640))
    assert time.monotonic() - start < 1.6  # Not after the second part.
    assert models.num_requests == 2


def test_an_answer_of_fewer_rows_is_refused(models, transport, monkeypatch):
    predict = models.predict

    def drop_one(request):
        request.inputs["image"].CopyFrom(
            serving_models.as_fields(tiny.images(7))
        )
        return predict(request)

    monkeypatch.setattr(models, "predict", drop_one)
    with FRONT_ENDS[transport](models) as address, Client(address) as client:
        with pytest.raises(ServerError, match="z_.* for each of 8 rows"):
            client.encode(tiny.images(8))


def test_both_transports_carry_every_digit(models, monkeypatch):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(50, 3)) * 10.0 ** rng.integers(-9, 3, (50, 3))
    z[0] = 1e-40, -1 / 3, 16777217  # Subnormal; periodic; past 24 bits.
    received, predict = [], models.predict

    def look(request):
        received.append(tf.make_ndarray(request.inputs["z"]))
        return predict(request)

    monkeypatch.setattr(models, "predict", look)
    images = []
    for front_end in FRONT_ENDS.values():
        with front_end(models) as address, Client(address) as client:
            images.append(client.decode(z))
    for sent in received:
        np.testing.assert_array_equal(sent, z.astype(np.float32))
    np.testing.assert_array_equal(*images)


def test_threads_share_a_client(client, model):
    batches = [tiny.images(4, seed=seed) for seed in range(16)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(client.encode, batches))
    for batch, code in zip(batches, codes, strict=True):
        np.testing.assert_allclose(code.z_mean, model.encode(batch), atol=1e-5)


def test_a_closed_client_refuses(address, models):
    client = Client(address)
    client.close()
    client.close()
    with pytest.raises(InputError, match="open"):
        client.encode(tiny.images())
    assert models.num_requests == 0
