"""Helpers: SavedModels for LiteRT, and calls of the files made of them."""

import json

from ai_edge_litert.interpreter import Interpreter

import ali_keras
from export import saved_model

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


def call(path, signature, **inputs):
    """Calls a signature of a file."""
    interpreter = Interpreter(str(path))
    return interpreter.get_signature_runner(signature)(**inputs)


def about(path):
    return json.loads(path.with_suffix(".json").read_text())
