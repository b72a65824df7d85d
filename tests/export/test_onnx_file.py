"""ONNX files: they answer as Keras does, say what they are, come whole."""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import InputError
from export import onnx_file
from export import saved_model
from export import servables
from tests import programs

NAMES = ["encoder_encode.onnx", "encoder_features.onnx", "decoder_decode.onnx"]


def session(path):
    return onnxruntime.InferenceSession(
        path, providers=["CPUExecutionProvider"]
    )


def run(path, **inputs):
    """Calls an ONNX file by ONNX Runtime."""
    runtime = session(path)
    names = [output.name for output in runtime.get_outputs()]
    return dict(zip(names, runtime.run(None, inputs), strict=True))


def uniform(*shape):
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def assert_answers_as(model, folder, batch):
    """Asserts that the files compute what the Keras model does."""
    image = uniform(batch, *model.encoder.input_shape[1:])
    z = 2 * uniform(batch, model.latent_dim) - 1
    encoded = run(folder / "encoder_encode.onnx", image=image)
    features = run(folder / "encoder_features.onnx", image=image)["features"]
    decoded = run(folder / "decoder_decode.onnx", z=z)["image"]
    for ours, keras_own in (
        (encoded["z_mean"], model.encode(image)),
        (features, model.features(image)),
        (decoded, model.decode(z)),
    ):
        np.testing.assert_allclose(ours, keras_own, atol=1e-4, rtol=0)
    if "z_log_sigma" in encoded:
        keras_own = model.encoder_ema(image)["z_log_sigma"]
        np.testing.assert_allclose(
            encoded["z_log_sigma"], keras_own, atol=1e-4, rtol=0
        )


def write(model, config, folder, **options):
    """Exports a model as SavedModels, and these as ONNX files."""
    saved_model.export_saved_models(model, config, folder / "saved", **options)
    onnx_file.export_onnx(folder / "saved", folder / "onnx")


@pytest.fixture(scope="module")
def model(finished):
    """The trained model."""
    return finished.load()[0]


@pytest.fixture(scope="module")
def folder(finished, tmp_path_factory):
    """Folder of the trained model's SavedModels and ONNX files."""
    folder = tmp_path_factory.mktemp("mnist")
    write(*finished.load(), folder)
    return folder


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_files_answer_as_keras(model, folder, batch):
    assert_answers_as(model, folder / "onnx", batch)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("preset", "precision"),
    [
        ("mnist", "mixed_bfloat16"),
        ("bigan_mnist", "float32"),
        ("cifar10", "mixed_float16"),
    ],
)
def test_other_models_answer_too(tmp_path, preset, precision):
    config = ali_keras.Config.from_preset(preset, precision=precision)
    model = ali_keras.build_model(config)
    write(model, config, tmp_path)
    for batch in (1, 3, 100):
        assert_answers_as(model, tmp_path / "onnx", batch)


def test_inputs_and_outputs_are_the_signatures(folder):
    signatures = {
        "encoder_encode.onnx": ({"image"}, {"z_mean", "z_log_sigma"}),
        "encoder_features.onnx": ({"image"}, {"features", "svm_features"}),
        "decoder_decode.onnx": ({"z"}, {"image"}),
    }
    for name, (inputs, outputs) in signatures.items():
        runtime = session(folder / "onnx" / name)
        assert {x.name for x in runtime.get_inputs()} == inputs
        assert {x.name for x in runtime.get_outputs()} == outputs
        for value in (*runtime.get_inputs(), *runtime.get_outputs()):
            assert value.type == "tensor(float)"
            assert value.shape[0] == "batch"
    assert runtime.get_outputs()[0].shape == ["batch", 28, 28, 1]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_sound_and_says_what_it_is(folder, name):
    path = folder / "onnx" / name
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path)
    domains = {x.domain: x.version for x in model.opset_import}
    assert domains[""] == onnx_file.OPSET
    assert {node.domain for node in model.graph.node} == {""}
    said = {x.key: json.loads(x.value) for x in model.metadata_props}
    saved = servables.find(folder / "saved", "encoder")
    description = servables.read_description(saved)
    assert description["image_shape"] == [28, 28, 1]
    assert said.items() >= description.items()
    assert said["signature"] == name.split("_")[1].split(".")[0]
    assert said["saved_model_version"] == 1
    assert said["opset"] == onnx_file.OPSET
    assert said["versions"]["tensorflow"] == tf.__version__


def test_the_files_do_not_check_ranges(folder):
    image = 2 + uniform(1, 28, 28, 1)  # The SavedModel would refuse it.
    outputs = run(folder / "onnx" / "encoder_encode.onnx", image=image)
    assert np.isfinite(outputs["z_mean"]).all()


@pytest.mark.exhaustive
def test_a_servable_of_bytes_and_of_one_batch_size(finished, model, tmp_path):
    options = {"image_dtype": "uint8", "batch_size": 2}
    write(*finished.load(), tmp_path, **options)
    image = (255 * uniform(2, 28, 28, 1)).astype("uint8")
    encode = tmp_path / "onnx" / "encoder_encode.onnx"
    z_mean = run(encode, image=image)["z_mean"]
    np.testing.assert_allclose(
        z_mean, model.encode(image / np.float32(255)), atol=1e-4
    )
    assert session(encode).get_inputs()[0].shape == [2, 28, 28, 1]
    decode = tmp_path / "onnx" / "decoder_decode.onnx"
    decoded = run(decode, z=z_mean)["image"]
    assert decoded.dtype == np.uint8
    expected = 255 * np.asarray(model.decode(z_mean))
    np.testing.assert_allclose(decoded, expected, atol=0.51)  # Rounded.


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """A small model of points, and the folder of its SavedModels."""
    config = ali_keras.Config.from_preset("mixture", precision="float32")
    model = ali_keras.build_model(config)
    folder = tmp_path_factory.mktemp("points")
    saved_model.export_saved_models(model, config, folder)
    return model, folder


def test_the_program_writes_files_of_points_too(points, tmp_path, capsys):
    model, saved = points
    (tmp_path / NAMES[0]).write_text("old")  # It is replaced.
    flags = (f"--saved_models={saved}", f"--output={tmp_path}")
    assert programs.start(onnx_file, *flags, "--version=1") == 0
    printed = capsys.readouterr().out
    for name in NAMES:
        assert f"Wrote {tmp_path / name} (opset {onnx_file.OPSET})." in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    for batch in (1, 3, 100):
        assert_answers_as(model, tmp_path, batch)


def test_the_program_names_a_version_that_is_missing(folder, tmp_path, capsys):
    output = tmp_path / "onnx"
    status = programs.start(
        onnx_file,
        f"--saved_models={folder / 'saved'}",
        f"--output={output}",
        "--version=7",
    )
    line = programs.error_line(status, capsys.readouterr())
    assert "encoder" in line and "7" in line
    assert not output.exists()


@pytest.mark.parametrize("library", ["tf2onnx", "onnx"])
def test_without_the_extra_it_says_which(
    folder, tmp_path, monkeypatch, library
):
    monkeypatch.setitem(sys.modules, library, None)  # As if not installed.
    with pytest.raises(InputError, match=rf"'\.\[onnx\]'.*{library}"):
        onnx_file.export_onnx(folder / "saved", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing_half_written(points, tmp_path):
    (tmp_path / NAMES[2] / "in_the_way").mkdir(parents=True)
    with pytest.raises(InputError, match=NAMES[2]):
        onnx_file.export_onnx(points[1], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[2]]


def test_the_wheel_of_tf2onnx_hides_none_of_ours():
    # It installs top-level packages `tools` and `tests`.
    checkout = pathlib.Path(__file__).parents[2]
    assert checkout == pathlib.Path(programs.__file__).parents[1]
    assert checkout == pathlib.Path(sys.modules["tools"].__file__).parents[1]
