"""Servables of a real conditional model answer as the model does."""

import json

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import ali_keras
from ali_keras.client import Client
from export import onnx_file
from export import servables
from export.saved_model import export_saved_models
from export.tflite import export_tflite
from export.tflite.source import Source
from tests import programs
from tests import tiny
from tests.client import serving_models
from tests.client import serving_server
from tests.conditional import models

IMAGES, LABELS = tiny.images(), models.LABELS
Z = np.float32([[0, 1, -1], [2, 0, 0]])


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    sizes = {"train": 12, "test": 8}
    programs.store_dataset(folder, "labelled", sizes, (4, 4, 1))
    return str(folder)


@pytest.fixture(scope="module")
def written(data_dir, tmp_path_factory):
    """The model, and the folder of its servables."""
    folder = tmp_path_factory.mktemp("servables")
    model = models.model()
    model.fit(IMAGES, LABELS, batch_size=4, verbose=0)
    config = ali_keras.Config.from_preset(
        "mnist",
        "labelled",
        data_dir=data_dir,
        precision="float32",
        conditional="labels",
        label_dim=2,
    )
    export_saved_models(model, config, folder, reconstructor=True)
    return model, folder


def signatures(folder, name):
    loaded = servables.load(folder / name / "1")
    return loaded, loaded.signatures


@pytest.mark.slow
def test_signatures_take_the_label_by_its_name(written):
    _, folder = written
    inputs = {
        name: {k: list(servables.inputs_of(s)) for k, s in found.items()}
        for name in ("encoder", "decoder", "reconstructor")
        for _, found in [signatures(folder, name)]
    }
    assert inputs["encoder"]["encode"] == ["image", "label"]
    assert inputs["encoder"]["sample"] == ["image", "label", "seed"]
    assert inputs["encoder"]["encode_jpeg"] == ["image_bytes", "label"]
    assert inputs["decoder"]["serving_default"] == ["z", "label"]
    assert inputs["decoder"]["generate"] == ["label", "seed"]
    assert inputs["reconstructor"]["reconstruct"] == ["image", "label"]


def test_saved_models_answer_as_keras(written):
    model, folder = written
    _, encoder = signatures(folder, "encoder")
    label = tf.constant(LABELS, "int64")
    codes = encoder["encode"](image=tf.constant(IMAGES), label=label)
    expected = model.encode(IMAGES, LABELS)
    np.testing.assert_allclose(codes["z_mean"], expected, atol=1e-6)
    drawn = encoder["sample"](
        image=tf.constant(IMAGES), label=label, seed=tf.constant(3)
    )
    expected = model.encode(IMAGES, LABELS, sample=True, seed=3)
    np.testing.assert_allclose(drawn["z"], expected, atol=1e-6)
    _, decoder = signatures(folder, "decoder")
    made = decoder["generate"](label=label, seed=tf.constant(5))
    expected = model.generate(8, seed=5, labels=LABELS)
    np.testing.assert_allclose(made["image"], expected, atol=1e-6)
    _, both = signatures(folder, "reconstructor")
    rebuilt = both["reconstruct"](image=tf.constant(IMAGES), label=label)
    expected = model.reconstruct(IMAGES, LABELS)
    np.testing.assert_allclose(rebuilt["image"], expected, atol=1e-6)


def test_a_class_out_of_range_fails_in_the_graph(written):
    _, decoder = signatures(written[1], "decoder")
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"an integer in \[0, 1\]"
    ):
        decoder["decode"](z=tf.constant(Z), label=tf.constant([0, 2], "int64"))


def test_the_servable_says_what_it_is_told(written):
    path = written[1] / "decoder" / "1" / servables.EXTRA
    description = json.loads((path / "servable.json").read_text())
    assert description["conditional"] == "labels"
    assert description["label_dim"] == 2
    assert "the number of a class, 0 to 1" in (path / "README.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("quantization", ["none", "int8"])
def test_lite_rt_files_answer_as_keras(quantization, written, tmp_path):
    model, folder = written
    source = Source(folder, batch_size=2)
    with programs.tiny_networks():  # Of 4x4 images, as the data set.
        paths = export_tflite(source, tmp_path, quantization)
    decode = Interpreter(str(paths["decoder"])).get_signature_runner("decode")
    encode = Interpreter(str(paths["encoder"])).get_signature_runner("encode")
    tolerance = 1e-5 if quantization == "none" else 0.05
    images = decode(z=Z, label=np.array([1, 0]))["image"]
    expected = model.decode(Z, [1, 0])
    np.testing.assert_allclose(images, expected, atol=tolerance)
    codes = encode(image=IMAGES[:2], label=np.array([1, 0]))["z_mean"]
    expected = model.encode(IMAGES[:2], [1, 0])
    np.testing.assert_allclose(codes, expected, atol=tolerance)


def test_onnx_files_answer_as_keras(written, tmp_path):
    model, folder = written
    onnx_file.export_onnx(folder, tmp_path)
    session = onnxruntime.InferenceSession(
        tmp_path / "decoder_decode.onnx", providers=["CPUExecutionProvider"]
    )
    [images] = session.run(["image"], {"z": Z, "label": np.array([1, 0])})
    np.testing.assert_allclose(images, model.decode(Z, [1, 0]), atol=1e-5)


def test_the_client_sends_the_label(written):
    model, folder = written
    served = serving_models.Models(folder)
    with (
        serving_server.serving_rest(served) as address,
        Client(address) as client,
    ):
        codes = client.encode(IMAGES, label=LABELS).z_mean
        images = client.decode(Z, label=[1, 0])
    expected = model.encode(IMAGES, LABELS)
    np.testing.assert_allclose(codes, expected, atol=1e-5)
    np.testing.assert_allclose(images, model.decode(Z, [1, 0]), atol=1e-5)


def test_attributes_are_an_input_of_their_own(tmp_path):
    model = models.model(models.ATTRIBUTES)
    config = ali_keras.Config.from_preset(
        "mnist", precision="float32", conditional="attributes", label_dim=3
    )
    export_saved_models(model, config, tmp_path)
    _, decoder = signatures(tmp_path, "decoder")
    vectors = models.VECTORS[:2]
    images = decoder["decode"](
        z=tf.constant(Z), attributes=tf.constant(vectors)
    )
    expected = model.decode(Z, vectors)
    np.testing.assert_allclose(images["image"], expected, atol=1e-6)
