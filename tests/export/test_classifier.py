"""The classifier, in every format, answers as the model."""

import json

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import ali_keras
from export import onnx_file
from export import saved_model
from export import serving
from export import tflite
from tests import programs
from tests import tiny

CLASSES = 3
IMAGES = tiny.images(5, seed=3)


@pytest.fixture(scope="module")
def model():
    model = tiny.model(classes=CLASSES, ema_decay=0.5)
    data = tiny.batches((tiny.images(), np.arange(8) % CLASSES))
    tiny.fit(model, data, batch_size=None)
    return model


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    """Folder of the model's SavedModels."""
    folder = tmp_path_factory.mktemp("saved")
    programs.store_tiny(folder)
    config = ali_keras.Config.from_preset(
        "mnist", "tiny", data_dir=str(folder), precision="float32"
    )
    record = {"labels": ["one", "two", "three"]}
    paths = saved_model.export_saved_models(
        model, config, folder / "saved", record=record
    )
    assert paths.keys() == {"encoder", "decoder", "classifier"}
    return folder / "saved"


@pytest.fixture(scope="module")
def signatures(saved):
    loaded = tf.saved_model.load(str(saved / "classifier" / "1"))
    return loaded, loaded.signatures


@pytest.mark.parametrize("name", ["serving_default", "classify"])
@pytest.mark.parametrize("batch", [1, 5])
def test_the_servable_answers_as_classify(model, signatures, name, batch):
    images = IMAGES[:batch]
    found = signatures[1][name](image=tf.constant(images))
    assert found.keys() == {"probabilities"}
    np.testing.assert_allclose(
        found["probabilities"], model.classify(images), atol=1e-6
    )


def test_it_takes_encoded_images(model, signatures):
    pixels = np.round(IMAGES * 255).astype("uint8")
    encoded = [tf.io.encode_png(each).numpy() for each in pixels]
    found = signatures[1]["classify_jpeg"](image_bytes=tf.constant(encoded))
    np.testing.assert_allclose(
        found["probabilities"],
        model.classify(pixels / np.float32(255)),
        atol=1e-5,
    )


def test_it_refuses_what_is_no_image(signatures):
    for images in (IMAGES + 1, IMAGES[:0]):
        with pytest.raises(tf.errors.InvalidArgumentError):
            signatures[1]["classify"](image=tf.constant(images))


def test_it_says_what_it_is(saved):
    extra = saved / "classifier" / "1" / "assets.extra"
    card = (extra / "README.md").read_text()
    assert card.startswith("# Classifier")
    assert "| `classify` | image | probabilities" in card
    assert "one, two, three" in card
    described = json.loads((extra / "servable.json").read_text())
    assert described["labels"] == ["one", "two", "three"]
    warmup = extra / "tf_serving_warmup_requests"
    assert len(list(tf.data.TFRecordDataset(str(warmup)))) == 4


def test_other_models_have_no_classifier(tmp_path):
    config = ali_keras.Config.from_preset("mnist", precision="float32")
    model = tiny.model()
    paths = saved_model.export_saved_models(model, config, tmp_path / "saved")
    assert paths.keys() == {"encoder", "decoder"}


def test_onnx_answers_as_classify(model, saved, tmp_path):
    paths = onnx_file.export_onnx(saved, tmp_path)
    assert [path.name for path in paths][-1] == "classifier_classify.onnx"
    session = onnxruntime.InferenceSession(
        paths[-1], providers=["CPUExecutionProvider"]
    )
    [found] = session.run(["probabilities"], {"image": IMAGES})
    np.testing.assert_allclose(found, model.classify(IMAGES), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("quantization", "tolerance"),
    [("none", 1e-5), pytest.param("int8", 0.1, marks=pytest.mark.exhaustive)],
)
def test_litert_answers_as_classify(
    model, saved, tmp_path, quantization, tolerance
):
    flags = (f"--saved_models={saved}", f"--output={tmp_path}")
    flags += (f"--quantization={quantization}",)
    assert programs.start(tflite, *flags) == 0
    [path] = tmp_path.glob("classifier_*.tflite")
    runner = Interpreter(str(path)).get_signature_runner("classify")
    found = [runner(image=IMAGES[i : i + 1]) for i in range(len(IMAGES))]
    np.testing.assert_allclose(
        np.concatenate([each["probabilities"] for each in found]),
        model.classify(IMAGES),
        atol=tolerance,
    )


def test_a_bundle_serves_it(saved, tmp_path):
    flags = (f"--saved_models={saved}", f"--output={tmp_path / 'bundle'}")
    assert programs.start(serving, *flags) == 0
    config = (tmp_path / "bundle" / "models.config").read_text()
    assert 'name: "classifier"' in config
