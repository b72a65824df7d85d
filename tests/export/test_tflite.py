"""LiteRT files: what they answer, what they say of themselves, refusals."""

import functools
import hashlib
import json
import re

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import ali_keras
from ali_keras import InputError
from ali_keras.data import preprocessing
from export import saved_model
from export import servables
from export import tflite
from export import tflite_convert
from export import tflite_file
from export.tflite_source import Source
from tests import programs
from tests import tiny

FORMS = [
    "none",
    pytest.param("float16", marks=pytest.mark.slow),
    pytest.param("dynamic", marks=pytest.mark.slow),
    "int8",
]
# What a dynamic batch leaves in the graph.
SHAPES = {"SHAPE", "PACK", "STRIDED_SLICE", "GATHER"}


def export(folder, model, **options):
    """SavedModels of a model, as if it were trained on `tiny`."""
    config = ali_keras.Config.from_preset(
        "mnist", "tiny", data_dir=str(folder), precision="float32"
    )
    path = folder / "saved_models"
    saved_model.export_saved_models(model, config, path, **options)
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A tiny model, the folder of data, and the folder of SavedModels."""
    folder = tmp_path_factory.mktemp("tiny")
    programs.store_tiny(folder)
    model = tiny.model()
    return model, folder, export(folder, model)


@pytest.fixture(scope="module")
def converted(trained, tmp_path_factory):
    """Function: the paths of a quantization's files, for batches of 2."""
    folder = tmp_path_factory.mktemp("tflite")
    source = Source(trained[2], batch_size=2)

    @functools.cache
    def convert(quantization):
        return tflite.export_tflite(source, folder, quantization)

    return convert


def call(path, signature, **inputs):
    """Calls a signature of a file."""
    interpreter = Interpreter(str(path))
    return interpreter.get_signature_runner(signature)(**inputs)


def about(path):
    return json.loads(path.with_suffix(".json").read_text())


def answers(model, image, z):
    """What Keras answers, by signature."""
    outputs = model.encoder_ema(image)
    return {
        "encode": {k: outputs[k] for k in ("z_mean", "z_log_sigma")},
        "features": {"features": outputs["features"]},
        "decode": {"image": model.decode(z)},
    }


# Numbers of 8 bits are 1/127 of the largest apart, and this adds up.
@pytest.mark.parametrize(
    ("quantization", "tolerance"),
    [
        ("none", 1e-5),
        pytest.param("float16", 5e-3, marks=pytest.mark.slow),
        pytest.param("dynamic", 0.1, marks=pytest.mark.slow),
        ("int8", 0.25),
    ],
)
def test_each_form_answers_as_keras(
    trained, converted, quantization, tolerance
):
    model, _, _ = trained
    image, z = tiny.images(2, seed=5), model.sample_prior(2, seed=5)
    inputs = {"encode": {"image": image}, "features": {"image": image}}
    inputs["decode"] = {"z": z.numpy()}
    for signature, expected in answers(model, image, z).items():
        name = "decoder" if signature == "decode" else "encoder"
        path = converted(quantization)[name]
        outputs = call(path, signature, **inputs[signature])
        for key, value in expected.items():
            assert outputs[key].dtype == np.float32
            np.testing.assert_allclose(outputs[key], value, atol=tolerance)


@pytest.mark.parametrize("quantization", FORMS)
def test_files_say_what_the_interpreter_sees(converted, quantization):
    for name, path in converted(quantization).items():
        described = about(path)
        interpreter = Interpreter(str(path))
        # In this order, for callers by number.
        signatures = servables.DETERMINISTIC[name]
        assert tuple(described["signatures"]) == signatures
        for signature, sides in described["signatures"].items():
            runner = interpreter.get_signature_runner(signature)
            for side, seen in (
                ("inputs", runner.get_input_details()),
                ("outputs", runner.get_output_details()),
            ):
                assert sides[side].keys() == seen.keys()
                for key, tensor in sides[side].items():
                    assert tensor["shape"] == seen[key]["shape"].tolist()
                    assert tensor["dtype"] == np.dtype(seen[key]["dtype"]).name
                    assert (tensor["quantization"] is None) == (
                        quantization != "int8"
                    )


@pytest.mark.parametrize("quantization", FORMS)
def test_operations_are_builtin_and_static(converted, quantization):
    for path in converted(quantization).values():
        operators = about(path)["operators"].keys()
        assert not operators & SHAPES
        # Custom and Flex operations have names of their own.
        builtin = vars(tflite_file.schema.BuiltinOperator)
        assert operators <= builtin.keys()


def test_the_dynamic_batch_would_leave_shapes_in_the_graph(trained):
    decoder = Source(trained[2]).paths["decoder"]
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(decoder), signature_keys=["decode"]
    )
    operators = tflite_file.describe(converter.convert())["operators"]
    assert {"SHAPE", "PACK"} <= operators.keys()


def test_int8_computes_in_integers(converted):
    for path in converted("int8").values():
        for name, operators in _operators_of_floats(path.read_bytes()).items():
            # The split of z's moments, where the joined features need another
            # scale than it.
            exceptions = {"SPLIT"} if name == "features" else set()
            assert operators <= {"QUANTIZE", "DEQUANTIZE", *exceptions}, name


def _operators_of_floats(content):
    """Names of the operations that take or give floats, by signature."""
    schema = tflite_file.schema
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    found = {}
    for graph in model.subgraphs:
        operators = tflite_file.Graph(model, graph).operators
        found[graph.name.decode()] = {
            name
            for name, operator in operators
            for index in (*operator.inputs, *operator.outputs)
            if index >= 0  # -1 stands for a bias that there is not.
            and graph.tensors[index].type == schema.TensorType.FLOAT32
        }
    return found


def test_the_description_is_the_caller_s(trained, converted):
    for quantization in ("none", "int8"):
        paths = converted(quantization)
        described = about(paths["encoder"])
        assert described["image_shape"] == [4, 4, 1]
        assert described["image_dtype"] == "float32"
        assert described["image_range"] == [0.0, 1.0]
        assert described["latent_dim"] == tiny.LATENT_DIM
        assert (described["prior"], described["labels"]) == ("normal", None)
        assert described["batch_size"] == 2
        assert described["form"] == tflite_convert.FORMS[quantization]
        assert (described["servable"], described["version"]) == ("encoder", 1)
        assert described["versions"]["tensorflow"] == tf.__version__
        assert described["versions"]["ali_keras"] == ali_keras.__version__
        assert "commit" in described["export"]
        content = paths["encoder"].read_bytes()
        assert described["bytes"] == len(content)
        assert described["sha256"] == hashlib.sha256(content).hexdigest()
    assert about(converted("int8")["decoder"])["representative_dataset"]


def test_ranges_of_int8_are_those_of_real_images_and_codes(trained, converted):
    model, folder, _ = trained
    encode = about(converted("int8")["encoder"])["signatures"]["encode"]
    [ends] = _ranges(encode["inputs"]).values()
    np.testing.assert_allclose(ends, (0, 1), atol=0.02)
    decode = about(converted("int8")["decoder"])["signatures"]["decode"]
    [(low, high)] = _ranges(decode["inputs"]).values()
    builder = open_dataset("tiny", str(folder))
    pixels, _ = load_arrays(builder, "train", 4, 1)
    codes = model.encode(preprocessing.to_float(pixels)).numpy()
    # Codes, and draws from the prior, of which some lie beyond 2.
    assert low <= min(codes.min(), -1.5) + 0.1
    assert high >= max(codes.max(), 1.5) - 0.1


def _ranges(tensors):
    """Least and largest value that the 8 bits of each tensor can hold."""
    ranges = {}
    for name, tensor in tensors.items():
        scale, zero = tensor["quantization"].values()
        ranges[name] = ((-128 - zero) * scale, (127 - zero) * scale)
    return ranges


@pytest.mark.slow
def test_files_are_small_as_their_form_says(tmp_path):
    config = ali_keras.Config.from_preset("mnist", precision="float32")
    model = ali_keras.build_model(config)
    saved_model.export_saved_models(model, config, tmp_path)
    source = Source(tmp_path)
    content = source.convert("decoder", "none")
    operators = tflite_file.describe(content)["operators"].keys()
    assert "TRANSPOSE_CONV" in operators and not operators & SHAPES
    assert len(source.convert("decoder", "dynamic")) < len(content) / 3.5
    assert len(source.convert("decoder", "float16")) < len(content) / 1.9


@pytest.mark.slow
def test_points_convert_too(tmp_path):
    config = ali_keras.Config.from_preset(
        "mixture_5", "mixture_5", data_dir=str(tmp_path), precision="float32"
    )
    model = ali_keras.build_model(config)
    saved_model.export_saved_models(model, config, tmp_path / "models")
    source = Source(tmp_path / "models")
    paths = tflite.export_tflite(source, tmp_path / "out", "int8")
    described = about(paths["encoder"])
    assert described["image_range"] is None
    assert described["image_shape"] == [1, 1, 2]
    points = np.array([[[[2.0, -2.0]]]], np.float32)
    [(name, z)] = call(paths["encoder"], "encode", image=points).items()
    assert name == "z_mean"  # There is no sigma.
    np.testing.assert_allclose(z, model.encode(points), atol=0.1)


def test_saved_models_of_one_batch_size_give_files_of_it(trained, tmp_path):
    path = export(tmp_path, trained[0], batch_size=3)
    source = Source(path)
    described = tflite_file.describe(source.convert("decoder"))
    assert described["signatures"]["decode"]["inputs"]["z"]["shape"] == [3, 3]
    with pytest.raises(InputError, match=r"where they have one, 3.*: 2$"):
        Source(path, batch_size=2)


def test_images_of_8_bits_convert_but_to_int8(trained, tmp_path):
    model, folder, _ = trained
    path = export(tmp_path, model, image_dtype="uint8")
    source = Source(path, data_dir=str(folder))
    with pytest.raises(InputError, match=r"float32 images\. Received: uint8"):
        tflite.export_tflite(source, tmp_path / "out", "int8")
    assert not (tmp_path / "out").exists()
    files = tflite.export_tflite(source, tmp_path / "out")
    pixels = preprocessing.to_uint8(tiny.images(1))
    z = call(files["encoder"], "encode", image=pixels)["z_mean"]
    expected = model.encode(preprocessing.to_float(pixels))
    np.testing.assert_allclose(z, expected, atol=1e-5)
    image = call(files["decoder"], "decode", z=z)["image"]
    np.testing.assert_array_equal(
        image, preprocessing.to_uint8(model.decode(z))
    )


def test_the_program_writes_the_files_and_says_no_more(
    trained, tmp_path, capfd
):
    _, folder, saved_models = trained
    (tmp_path / "encoder_int8.tflite").write_bytes(b"old")
    flags = (f"--saved_models={saved_models}", f"--output={tmp_path}")
    more = ("--quantization=int8", f"--data_dir={folder}")
    assert programs.start(tflite, *flags, *more) == 0
    names = [f"{name}_int8.tflite" for name in ("encoder", "decoder")]
    printed, errors = capfd.readouterr()
    assert printed == "".join(f"Wrote {tmp_path}/{name}.\n" for name in names)
    assert errors == ""
    jsons = [name.replace(".tflite", ".json") for name in names]
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {*names, *jsons}
    image = tiny.images(1)
    encoded = call(tmp_path / names[0], "encode", image=image)
    assert encoded["z_mean"].shape == (1, tiny.LATENT_DIM)


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (["--saved_models=."], "hold encoder/VERSION"),
        (["--version=7"], "without 7"),
        (["--saved_models="], "--saved_models must be given"),
        (["--output="], "--output must be given"),
        (["--output={file}/out"], "place that can be written"),
        (
            ["--quantization=int8", "--representative_dataset=nowhere"],
            "TFDS name of a data set.*Received: nowhere",
        ),
        (
            ["--representative_dataset=tiny"],
            "go with --quantization=int8. Received: --quantization=none",
        ),
        (["--check", "--quantization=none"], "not go with --check"),
        (["--workdir=."], "one of the program's.*--workdir"),
    ],
)
def test_bad_input_is_one_line(trained, tmp_path, capsys, flags, rule):
    _, folder, saved_models = trained
    (tmp_path / "file").write_text("")
    before = programs.snapshot(tmp_path)
    defaults = [f"--saved_models={saved_models}", f"--data_dir={folder}"]
    flags = [x.format(file=tmp_path / "file") for x in flags]
    output = f"--output={tmp_path / 'out'}"
    status = programs.start(tflite, *defaults, output, *flags)
    line = programs.error_line(status, capsys.readouterr())
    assert re.search(rule, line), line
    assert programs.snapshot(tmp_path) == before


def test_an_unknown_quantization_is_refused(trained, tmp_path, capsys):
    flags = (f"--saved_models={trained[2]}", f"--output={tmp_path}")
    status = programs.start(tflite, *flags, "--quantization=int4")
    assert status not in (0, None)
    assert "<dynamic|float16|int8|none>" in capsys.readouterr().err


def test_operations_that_are_not_builtin_are_refused(tmp_path):
    module = tf.Module()
    spec = tf.TensorSpec((None, 3), name="z")
    module.decode = tf.function(
        lambda z: {"image": tf.linalg.svd(z)[0]}, input_signature=[spec]
    )
    signatures = {"decode": module.decode}
    tf.saved_model.save(module, str(tmp_path), signatures)
    with pytest.raises(InputError, match="builtin operations. Received"):
        tflite_convert.convert(tmp_path, "decoder", batch_size=1)
