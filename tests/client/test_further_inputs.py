"""What a signature takes beside images or codes goes by its name."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import InputError
from ali_keras.client import Client
from tests import tiny
from tests.client import serving_models
from tests.client import serving_server
from tests.export import two_inputs

IMAGES = tiny.images(3)
LABELS = np.array([1, 0, 1])
Z = np.float32([[0, 1, -1], [2, 0, 0], [1, 1, 1]])


@pytest.fixture(scope="module", params=[None, 2])
def served(request, tmp_path_factory):
    """A model that takes labels, and its servables; of two at a time too."""
    folder = tmp_path_factory.mktemp("conditional")
    model = two_inputs.write(folder, batch_size=request.param)
    return model, serving_models.Models(folder)


@pytest.fixture(params=["grpc", "rest"])
def client(request, served):
    front_end = getattr(serving_server, f"serving_{request.param}")
    with front_end(served[1]) as address, Client(address) as client:
        client.decode(Z, label=LABELS)
        client.encode(IMAGES, label=LABELS)  # Now it knows both models.
        yield client


def assert_close(ours, expected):
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_codes_and_images_are_those_of_the_labels(client, served):
    model, _ = served
    expected = model.encode(IMAGES, LABELS)["z_mean"]
    assert_close(client.encode(IMAGES, label=LABELS).z_mean, expected)
    assert np.abs(client.encode(IMAGES, label=0 * LABELS)[0] - expected).max()
    assert_close(client.features(IMAGES, label=LABELS), tf.nn.relu(expected))
    assert_close(
        client.decode(Z, label=list(LABELS)), model.decode(Z, LABELS)["image"]
    )


def test_files_of_images_have_labels_too(client, served):
    pixels = np.uint8(IMAGES * 255)
    files = [tf.io.encode_png(image).numpy() for image in pixels]
    z_mean, _ = client.encode_jpeg(files, label=LABELS)
    expected = served[0].encode(pixels / np.float32(255), LABELS)["z_mean"]
    assert_close(z_mean, expected)


def test_encoder_and_decoder_both_get_the_label(client, served):
    model, _ = served
    z = model.encode(IMAGES, LABELS)["z_mean"]
    expected = model.decode(z, LABELS)["image"]
    assert_close(client.reconstruct(IMAGES, label=LABELS), expected)
    errors = client.reconstruction_error(IMAGES, label=LABELS)
    assert_close(errors, np.mean((IMAGES - expected) ** 2, (1, 2, 3)))


def test_a_path_has_one_label(client, served):
    model, _ = served
    paths = client.interpolate(IMAGES, IMAGES[::-1], 4, label=LABELS)
    assert paths.shape == (3, 4, 4, 4, 1)
    ends = [model.encode(x, LABELS)["z_mean"] for x in (IMAGES, IMAGES[::-1])]
    for step in range(4):
        z = ends[0] + (ends[1] - ends[0]) * (step / 3)
        assert_close(paths[:, step], model.decode(z, LABELS)["image"])


@pytest.mark.parametrize(
    ("method", "arguments", "inputs", "message"),
    [
        ("encode", (IMAGES,), {}, "encode must be image, label. .*: image$"),
        ("features", (IMAGES,), {}, "features must be image, label"),
        ("encode_jpeg", ([b"x"],), {}, "must be image_bytes, label"),
        ("decode", (Z,), {}, "decode must be label, z. Received: z$"),
        ("reconstruct", (IMAGES,), {}, "encode must be image, label"),
        ("interpolate", (IMAGES, IMAGES), {}, "encode must be image, label"),
        ("encode", (IMAGES,), {"lable": LABELS}, "Received: image, lable$"),
        (
            *("reconstruct", (IMAGES,)),
            *({"label": LABELS, "hue": LABELS}, "Received: hue, image, label$"),
        ),
        ("encode", (IMAGES,), {"image": IMAGES}, "Received: image, image$"),
        ("encode", (IMAGES,), {"label": LABELS[:2]}, "each of 3 .*Received: 2"),
        ("encode", (IMAGES,), {"label": 1}, r"of shape \(batch\). .*: \(\)"),
        ("encode", (IMAGES,), {"label": LABELS / 2}, "integers. .*: float64"),
        ("decode", (Z,), {"label": ["1"] * 3}, "numbers. Received: <U1"),
        (
            *("decode", (Z,)),
            *({"label": np.full(3, 2**63, np.uint64)}, "type int64. Received"),
        ),
    ],
)
def test_wrong_inputs_are_not_sent(
    client, served, method, arguments, inputs, message
):
    before = served[1].num_requests
    with pytest.raises(InputError, match=message) as raised:
        getattr(client, method)(*arguments, **inputs)
    assert "\n" not in str(raised.value)
    assert served[1].num_requests == before


def test_a_servable_of_images_alone_takes_no_label(tmp_path):
    serving_models.write(tiny.model(), tmp_path)
    models = serving_models.Models(tmp_path)
    with serving_server.serving_grpc(models) as address:
        with Client(address) as client:
            with pytest.raises(InputError, match="encode must be image. Rec"):
                client.encode(IMAGES, label=LABELS)
    assert not models.batches


@pytest.mark.parametrize("front_end", ["grpc", "rest"])
def test_all_inputs_count_as_bytes_of_a_message(served, front_end):
    _, models = served
    serving = getattr(serving_server, f"serving_{front_end}")
    images, labels = tiny.images(60), np.resize(LABELS, 60)
    with serving(models) as address:
        with Client(address, max_message_bytes=3000) as client:
            models.reset()
            client.encode(images, label=labels)
    sizes = [rows for _, _, rows in models.batches]
    if sizes[0] != 2:  # Not fixed: 64 bytes for an image, 8 for a label.
        assert max(sizes) == (27 if front_end == "grpc" else 4)
