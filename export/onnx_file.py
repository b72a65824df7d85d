"""Writes what the SavedModels answer as ONNX files, for ONNX Runtime.

python -m export.onnx_file --saved_models=runs/demo/export --output=runs/demo

Makes encoder_encode.onnx, encoder_features.onnx and decoder_decode.onnx, of a
classifier also classifier_classify.onnx: one graph each, its inputs and
outputs named as the signature's. Needs the extra "onnx". The files do not
check their inputs: the checks of the SavedModels are no operations of ONNX.
"""

import contextlib
import pathlib

from ali_keras import files
from ali_keras.command_line import common_flags
from ali_keras.command_line import program

from . import servables

common_flags.declare(__name__, "saved_models", "version", "output")
# What ONNX Runtime has run since 1.12; tf2onnx 1.17 could write up to 18.
OPSET = 17


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
    from . import onnx_conversion

    onnx_conversion.check_libraries()
    servable_paths = servables.find_pair(saved_models, version)
    with contextlib.ExitStack() as stack:
        paths = []
        for name, signature in _signatures(servable_paths):
            path = pathlib.Path(output, f"{name}_{signature}.onnx")
            model = onnx_conversion.convert(
                servable_paths[name], signature, OPSET
            )
            temporary = stack.enter_context(files.replacing(path))
            temporary.write_bytes(model.SerializeToString())
            paths.append(path)
    return paths


def _signatures(names):
    for name in names:
        for signature in servables.DETERMINISTIC[name]:
            yield name, signature


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
