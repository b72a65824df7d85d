"""From a signature of a SavedModel to an ONNX model."""

import importlib.metadata
import json

import tensorflow as tf

from ali_keras.errors import InputError

from . import servables

WRITERS = ("tensorflow", "keras", "tf2onnx", "onnx")


def check_libraries():
    """Imports what writes ONNX.

    Returns:
        The modules `onnx` and `tf2onnx`.

    Raises:
        InputError: if one of them is not installed.
    """
    try:
        import onnx
        import tf2onnx
    except ModuleNotFoundError as error:
        raise InputError(
            'ONNX files must be written where the extra "onnx" is '
            "installed: in a checkout python -m pip install '.[onnx]'. "
            f"Received: {error}"
        ) from None
    return onnx, tf2onnx


def convert(path, name, opset):
    """Converts a signature of a SavedModel.

    Args:
        path: Path of the SavedModel.
        name: String. The signature.
        opset: Integer. Version of ONNX's operations.

    Returns:
        `onnx.ModelProto`, checked.

    Raises:
        InputError: if the libraries are not installed.
    """
    onnx, tf2onnx = check_libraries()
    servable = servables.load(path)  # Holds what signatures use.
    signature = servable.signatures[name]
    inputs = servables.inputs_of(signature)
    # Of a function around it: the signature's own tensors have other names
    # than its inputs and outputs.
    function = tf.function(
        lambda *tensors: signature(**dict(zip(inputs, tensors, strict=True)))
    )
    # tf2onnx follows data, not control dependencies: with them it leaves the
    # assertions behind.
    model, _ = tf2onnx.convert.from_function(
        function,
        [tf.TensorSpec(x.shape, x.dtype, key) for key, x in inputs.items()],
        opset=opset,
    )
    _name_batch(model.graph)
    description = _describe(path, name, opset)
    onnx.helper.set_model_props(model, description)
    onnx.checker.check_model(model, full_check=True)
    return model


def _name_batch(graph):
    # tf2onnx gives every unknown size a number of its own.
    for value in (*graph.input, *graph.output):
        dims = value.type.tensor_type.shape.dim
        if dims and not dims[0].dim_value:
            dims[0].dim_param = "batch"


def _describe(path, signature, opset):
    """Describes a file in strings: values are JSON."""
    description = {
        **servables.read_description(path),
        "signature": signature,
        "saved_model_version": int(path.name),
        "opset": opset,
        "versions": {
            name: importlib.metadata.version(name) for name in WRITERS
        },
    }
    return {key: json.dumps(value) for key, value in description.items()}
