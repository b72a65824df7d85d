"""LiteRT files: what they answer, and what they say of themselves."""

import hashlib

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import ali_keras
from export import servables
from export.tflite import description
from export.tflite.forms import FORMS
from export.tflite.source import Source
from tests import tiny
from tests.export.tflite import models

QUANTIZATIONS = [
    "none",
    pytest.param("float16", marks=pytest.mark.slow),
    pytest.param("dynamic", marks=pytest.mark.slow),
    "int8",
]


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
        outputs = models.call(path, signature, **inputs[signature])
        for key, value in expected.items():
            assert outputs[key].dtype == np.float32
            np.testing.assert_allclose(outputs[key], value, atol=tolerance)


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_files_say_what_the_interpreter_sees(converted, quantization):
    for name, path in converted(quantization).items():
        described = models.about(path)
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


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_operations_are_builtin_and_static(converted, quantization):
    for path in converted(quantization).values():
        operators = models.about(path)["operators"].keys()
        assert not operators & models.SHAPES
        # Custom and Flex operations have names of their own.
        builtin = vars(description.schema.BuiltinOperator)
        assert operators <= builtin.keys()


def test_the_dynamic_batch_would_leave_shapes_in_the_graph(trained):
    decoder = Source(trained[2]).paths["decoder"]
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(decoder), signature_keys=["decode"]
    )
    operators = description.describe(converter.convert())["operators"]
    assert {"SHAPE", "PACK"} <= operators.keys()


def test_the_description_is_the_caller_s(trained, converted):
    for quantization in ("none", "int8"):
        paths = converted(quantization)
        described = models.about(paths["encoder"])
        assert described["image_shape"] == [4, 4, 1]
        assert described["image_dtype"] == "float32"
        assert described["image_range"] == [0.0, 1.0]
        assert described["latent_dim"] == tiny.LATENT_DIM
        assert (described["prior"], described["labels"]) == ("normal", None)
        assert described["batch_size"] == 2
        assert described["form"] == FORMS[quantization]
        assert (described["servable"], described["version"]) == ("encoder", 1)
        assert described["versions"]["tensorflow"] == tf.__version__
        assert described["versions"]["ali_keras"] == ali_keras.__version__
        assert "commit" in described["export"]
        content = paths["encoder"].read_bytes()
        assert described["bytes"] == len(content)
        assert described["sha256"] == hashlib.sha256(content).hexdigest()
    assert models.about(converted("int8")["decoder"])["representative_dataset"]
