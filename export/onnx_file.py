"""Writes what the SavedModels answer as ONNX files, for ONNX Runtime.

python -m export.onnx_file --saved_models=runs/demo/export --output=runs/demo

Makes encoder_encode.onnx, encoder_features.onnx and decoder_decode.onnx: one
graph each, its inputs and outputs named as the signature's. Needs the extra
"onnx". The files do not check their inputs: the checks of the SavedModels are
no operations of ONNX.
"""

import contextlib
import importlib.metadata
import json
import pathlib

import tensorflow as tf

from ali_keras import files
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.errors import InputError

from . import servables

common_flags.declare(__name__, "saved_models", "version", "output")
# What ONNX Runtime has run since 1.12; tf2onnx 1.17 could write up to 18.
OPSET = 17
WRITERS = ("tensorflow", "keras", "tf2onnx", "onnx")


def export_onnx(saved_models, output, version=None):
    """Writes the ONNX files, all of them or none.

    Args:
        saved_models: Path of a folder of servables.
        output: Path of the folder to write to. Files of the same names there
            are replaced.
        version: Integer, of both servables; `None` is the encoder's newest.

    Returns:
        List of the paths of the files.

    Raises:
        InputError: if the libraries or the SavedModels are not there, or the
            folder cannot be written.
    """
    libraries = _libraries()
    servable_paths = servables.find_pair(saved_models, version)
    with contextlib.ExitStack() as stack:
        paths = []
        for name, signature in _signatures():
            path = pathlib.Path(output, f"{name}_{signature}.onnx")
            model = _convert(servable_paths[name], signature, *libraries)
            temporary = stack.enter_context(files.replacing(path))
            temporary.write_bytes(model.SerializeToString())
            paths.append(path)
    return paths


def _signatures():
    for name, signatures in servables.DETERMINISTIC.items():
        for signature in signatures:
            yield name, signature


def _libraries():
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


def _convert(path, name, onnx, tf2onnx):
    """Returns a signature of a SavedModel as a checked `ModelProto`."""
    servable = servables.load(path)  # Holds what signatures use.
    signature = servable.signatures[name]
    _, inputs = signature.structured_input_signature
    [(input_name, spec)] = inputs.items()
    # Of a function around it: the signature's own tensors have other names
    # than its inputs and outputs.
    function = tf.function(lambda tensor: signature(**{input_name: tensor}))
    # tf2onnx follows data, not control dependencies: with them it leaves the
    # assertions behind.
    model, _ = tf2onnx.convert.from_function(
        function,
        [tf.TensorSpec(spec.shape, spec.dtype, input_name)],
        opset=OPSET,
    )
    _name_batch(model.graph)
    onnx.helper.set_model_props(model, _describe(path, name))
    onnx.checker.check_model(model, full_check=True)
    return model


def _name_batch(graph):
    # tf2onnx gives every unknown size a number of its own.
    for value in (*graph.input, *graph.output):
        batch = value.type.tensor_type.shape.dim[0]
        if not batch.dim_value:
            batch.dim_param = "batch"


def _describe(path, signature):
    """Describes a file in strings: values are JSON."""
    description = {
        **servables.read_description(path),
        "signature": signature,
        "saved_model_version": int(path.name),
        "opset": OPSET,
        "versions": {
            name: importlib.metadata.version(name) for name in WRITERS
        },
    }
    return {key: json.dumps(value) for key, value in description.items()}


def main():
    """Finds the SavedModels, writes the files."""
    saved_models = common_flags.saved_models()
    output = common_flags.output_folder()
    version = common_flags.VERSION.value
    for path in export_onnx(saved_models, output, version):
        print(f"Wrote {path} (opset {OPSET}).")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
