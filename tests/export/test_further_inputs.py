"""Every exporter carries the inputs that a signature has beside the first."""

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow_serving.apis import prediction_log_pb2

import ali_keras
from ali_keras import InputError
from export import model_card
from export import onnx_file
from export import servables
from export import warmup
from export.serving.write import write_bundle
from export.tflite import check
from export.tflite import export_tflite
from export.tflite.source import Source
from tests import programs
from tests import tiny
from tests.client.serving_models import Models
from tests.export import two_inputs
from tests.export.serving import servers

LABELS = np.array([1, 0])


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Folder of two data sets, of which only the first has labels."""
    folder = tmp_path_factory.mktemp("data")
    sizes, shape = {"train": 12, "test": 8}, two_inputs.IMAGE_SHAPE
    programs.store_dataset(folder, "labelled", sizes, shape)
    programs.store_dataset(folder, "unlabelled", sizes, shape, label=False)
    return str(folder)


@pytest.fixture(scope="module")
def written(data_dir, tmp_path_factory):
    """The model, and the folder of its servables."""
    folder = tmp_path_factory.mktemp("conditional")
    return two_inputs.write(folder, "labelled", data_dir), folder


def assert_answers(function, expected):
    """A function of a signature's name and inputs answers as the model."""
    image, z = tiny.images(2), np.float32([[0, 1, -1], [2, 0, 0]])
    for name, first in (("encode", image), ("decode", z)):
        key = "image" if name == "encode" else "z"
        answers = function(name, **{key: first, "label": LABELS})
        wanted = getattr(expected, name)(first, LABELS)
        for output, value in wanted.items():
            np.testing.assert_allclose(answers[output], value, atol=1e-5)


def test_the_warm_up_asks_with_labels_of_zero(written):
    path = written[1] / "encoder" / "1"
    signatures = servables.load(path).signatures
    records = tf.data.TFRecordDataset(str(path / warmup.FILE))
    for record in records.as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        request = log.predict_log.request
        inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
        assert inputs["label"].dtype == np.int64
        assert not inputs["label"].any()
        sizes = {len(value) for value in inputs.values()}
        assert sizes in ({1}, {warmup.BATCHING_LIMIT})
        if request.model_spec.signature_name != "encode_jpeg":  # Of 4x4.
            signature = signatures[request.model_spec.signature_name]
            signature(**{k: tf.constant(v) for k, v in inputs.items()})


def test_the_model_card_names_all_inputs(written):
    signatures = servables.load(written[1] / "decoder" / "1").signatures
    config = ali_keras.Config.from_preset("mnist", precision="float32")
    description = two_inputs.describe()
    card = model_card.write("decoder", signatures, description, config, {})
    assert "| `decode` | z, label | image |" in card


@pytest.mark.parametrize("quantization", ["none", "int8"])
def test_lite_rt_files_take_labels(written, tmp_path, quantization):
    model, folder = written
    source = Source(folder, batch_size=2)
    paths = export_tflite(source, tmp_path, quantization)

    def call(name, **inputs):
        path = paths["encoder" if name == "encode" else "decoder"]
        interpreter = Interpreter(str(path))
        runner = interpreter.get_signature_runner(name)
        assert runner.get_input_details()["label"]["dtype"] == np.int64
        return runner(**inputs)

    if quantization == "none":
        assert_answers(call, model)
    else:
        image = tiny.images(2)
        answers = [
            call("encode", image=image, label=np.full(2, label))["z_mean"]
            for label in (0, 1)
        ]
        difference = model.table[1] - model.table[0]
        for each in answers[1] - answers[0]:
            np.testing.assert_allclose(each, difference, atol=0.1)


@pytest.mark.exhaustive
def test_lite_rt_files_are_measured_with_labels(written):
    with programs.tiny_networks():  # Of 4x4 images, as the data set.
        forms = check.measure(Source(written[1], batch_size=2))["forms"]
    assert forms["float32"]["errors"]["image"]["max"] < 1e-5
    assert forms["int8"]["errors"]["z_mean"]["mean"] < 0.1


def test_data_without_the_input_are_one_line(written, tmp_path):
    source = Source(written[1])
    with pytest.raises(
        InputError, match="image, label. Received: image$"
    ) as raised:
        export_tflite(source, tmp_path / "out", "int8", "unlabelled")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_onnx_files_take_labels(written, tmp_path):
    model, folder = written
    onnx_file.export_onnx(folder, tmp_path)

    def call(name, **inputs):
        servable = "encoder" if name == "encode" else "decoder"
        session = onnxruntime.InferenceSession(
            tmp_path / f"{servable}_{name}.onnx",
            providers=["CPUExecutionProvider"],
        )
        assert {each.name for each in session.get_inputs()} == inputs.keys()
        names = [each.name for each in session.get_outputs()]
        return dict(zip(names, session.run(None, inputs), strict=True))

    assert_answers(call, model)


def test_the_bundle_s_smoke_test_gives_labels(written, tmp_path):
    bundle = write_bundle(written[1], tmp_path / "bundle")
    models = Models(bundle / "models", {"stable": 1})
    with servers.rest_server(models) as port:
        status, printed, errors = servers.smoke_test(bundle, port)
    assert (status, errors) == (0, "")
    assert printed.endswith("All well.\n")
