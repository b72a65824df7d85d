"""Writes .tflite files, and a .json beside each that describes it."""

import contextlib
import hashlib
import importlib.metadata
import json
import pathlib

import ali_keras
from ali_keras import files
from ali_keras.workdir.record import describe_run

from . import description
from .forms import FORMS


def export_tflite(source, output, quantization="none", dataset=None):
    """Writes encoder and decoder as .tflite files, and a .json beside each.

    Files of the same names are replaced.

    Args:
        source: `Source`: the SavedModels.
        output: Path of the folder to write to.
        quantization: A key of `forms.FORMS`.
        dataset: Name of the data set that ranges are taken from, for "int8".
            `None` is the training's.

    Returns:
        Dictionary: the path of each .tflite file by its servable's name.

    Raises:
        InputError: if the data set cannot be read, the networks need other
            operations than builtin ones, or the folder cannot be written.
    """
    examples = {}
    if quantization == "int8":
        examples = source.representative_examples(dataset)
    with contextlib.ExitStack() as stack:
        with files.writable(output):  # Before the long work.
            stack.enter_context(files.making(output))
        return _convert_all(source, output, quantization, dataset, examples)


def _convert_all(source, output, quantization, dataset, examples):
    """Converts, describes and writes; returns the paths."""
    contents = {
        name: source.convert(name, quantization, examples.get(name))
        for name in source.paths
    }
    documents = {}
    for name, content in contents.items():
        documents[name] = describe(source, name, quantization, content)
        if examples:
            used = source.dataset(dataset)
            documents[name]["representative_dataset"] = used
    return _write_all(output, FORMS[quantization], contents, documents)


def _write_all(output, form, contents, documents):
    """Writes all files, then renames them; returns the paths."""
    paths = {}
    with contextlib.ExitStack() as stack:
        for name, content in contents.items():
            paths[name] = pathlib.Path(output, f"{name}_{form}.tflite")
            document = json.dumps(documents[name], indent=2).encode() + b"\n"
            for suffix, written in ((".json", document), (".tflite", content)):
                path = paths[name].with_suffix(suffix)
                temporary = stack.enter_context(files.replacing(path))
                temporary.write_bytes(written)
    return paths


def describe(source, name, quantization, content):
    """Describes a file to who calls it.

    Args:
        source: `Source`.
        name: "encoder", "decoder" or "classifier".
        quantization: A key of `forms.FORMS`.
        content: Bytes of the file.

    Returns:
        Dictionary that `json` can write: what `servable_writer.describe` says
        of images and codes; `batch_size`; `form`; `signatures` and
        `operators`, see `description.describe`; `bytes` and `sha256` of the
        file; where it is from: `servable`, `version`, `versions`, `export`.
    """
    return {
        **source.description,
        "batch_size": source.batch_size,
        "form": FORMS[quantization],
        **description.describe(content),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "servable": name,
        "version": int(source.paths[name].name),
        **provenance(source),
    }


def provenance(source):
    """Returns the versions that made a file, the command and the machine."""
    record = describe_run(source.config.epochs)
    versions = {
        "ali_keras": ali_keras.__version__,
        "ai-edge-litert": importlib.metadata.version("ai-edge-litert"),
        **record.pop("versions"),
    }
    return {"versions": versions, "export": record}
