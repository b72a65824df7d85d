"""Servables on disk: OUTPUT/NAME/VERSION, and what each says of itself.

VERSION/saved_model.pb, variables/          what TensorFlow loads
VERSION/assets.extra/servable.json          sizes, ranges, labels
VERSION/assets.extra/config.json            the resolved configuration
VERSION/assets.extra/record.json            command, commit, versions, machine
VERSION/assets.extra/README.md              the model card
VERSION/assets.extra/tf_serving_warmup_requests
"""

import contextlib
import os
import pathlib
import tempfile

import numpy as np

from ali_keras import files
from ali_keras.errors import InputError
from ali_keras.errors import command
from ali_keras.errors import first_line

EXTRA = "assets.extra"
# Of which LiteRT and ONNX can have all: neither has our noise, nor a decoder
# of JPEG.
DETERMINISTIC = {
    "encoder": ("encode", "features"),
    "decoder": ("decode",),
    "classifier": ("classify",),
}
FIRST_INPUTS = ("image", "image_bytes", "z")
IMAGE_DTYPES = ("float32", "uint8")
DESCRIPTION = f"{EXTRA}/servable.json"
CARD = f"{EXTRA}/README.md"


def find(folder, name, version=None):
    """Finds a version of a servable.

    Args:
        folder: Path of a folder of servables.
        name: String: "encoder", "decoder", "classifier" or "reconstructor".
        version: Integer; `None` is the newest.

    Returns:
        Path of the SavedModel.

    Raises:
        InputError: if there is none.
    """
    servable = pathlib.Path(folder, name)
    version = version or newest_version(servable)
    path = servable / str(version)
    if not (path / "saved_model.pb").exists():
        raise InputError(
            "--saved_models must be a folder as "
            f"{command('export.saved_model')} writes it, "
            f"and hold {name}/VERSION. Received: {servable}, without "
            f"{version or 'any'}"
        )
    return path


def load(path):
    """Loads a SavedModel.

    Raises:
        InputError: if it is not whole.
    """
    import tensorflow as tf  # Programs import this module for --help too.

    try:
        return tf.saved_model.load(str(path))
    except (OSError, ValueError, IndexError, tf.errors.OpError) as error:
        raise InputError(
            "A SavedModel must be whole, as "
            f"{command('export.saved_model')} wrote it. "
            f"Received: {path} ({first_line(error)})"
        ) from None


def inputs_of(signature):
    """Reads off a signature of a loaded SavedModel what it takes.

    Returns:
        Dictionary of `tf.TensorSpec`s by the inputs' names: images and codes
        first, then the others in the order of their names.
    """
    _, inputs = signature.structured_input_signature
    names = sorted(inputs, key=lambda name: (name not in FIRST_INPUTS, name))
    return {name: inputs[name] for name in names}


def select_inputs(signature, fields):
    """Takes a signature's inputs out of the fields of a data set.

    Args:
        signature: Signature of a loaded SavedModel.
        fields: Dictionary of arrays by name; `None` is a field that the data
            set does not have.

    Returns:
        Dictionary of arrays by the inputs' names, of the inputs' types.

    Raises:
        InputError: if an input is not among the fields.
    """
    there = {k: field for k, field in fields.items() if field is not None}
    inputs = inputs_of(signature)
    if not inputs.keys() <= there.keys():
        raise InputError(
            "The data set must have a field for each input of the SavedModel, "
            f"{', '.join(inputs)}. Received: {', '.join(there)}"
        )
    return {
        name: np.asarray(there[name], spec.dtype.as_numpy_dtype)
        for name, spec in inputs.items()
    }


def newest_version(servable):
    """Returns the highest version of a servable's folder; 0 is none."""
    names = (path.name for path in servable.glob("[1-9]*"))
    return max((int(name) for name in names if name.isdecimal()), default=0)


def find_pair(folder, version=None):
    """Finds encoder and decoder of one version, and a classifier beside them.

    Args:
        folder: Path of a folder of servables.
        version: Integer; `None` is the newest encoder's.

    Returns:
        Dictionary: the paths of "encoder", "decoder" and, if there is one of
        this version, "classifier".

    Raises:
        InputError: if one of them is not there.
    """
    encoder = find(folder, "encoder", version)
    decoder = find(folder, "decoder", int(encoder.name))
    found = {"encoder": encoder, "decoder": decoder}
    if pathlib.Path(folder, "classifier", encoder.name).exists():
        found["classifier"] = find(folder, "classifier", int(encoder.name))
    return found


def read_description(path):
    """Reads what a servable says of itself.

    Returns:
        Dictionary, see `servable_writer.describe`.

    Raises:
        InputError: if the SavedModel bears no description.
    """
    description = path / DESCRIPTION
    if not description.exists():
        raise InputError(
            "A SavedModel must be one that "
            f"{command('export.saved_model')} wrote, with "
            f"{DESCRIPTION}. Received: {path}"
        )
    return files.read_json(description)


def choose(output, names, version=None):
    """Chooses where new servables will lie.

    Args:
        output: Path of the folder of servables.
        names: Names of servables.
        version: Integer of at least 1; `None` is the next number that is free
            in all.

    Returns:
        Dictionary: for each name the path OUTPUT/NAME/VERSION.

    Raises:
        InputError: if the version exists already.
    """
    folders = {name: pathlib.Path(output, name) for name in names}
    version = version or 1 + max(map(newest_version, folders.values()))
    paths = {name: path / str(version) for name, path in folders.items()}
    _check_free(paths.values())
    return paths


@contextlib.contextmanager
def writing(output, paths):
    """Yields a temporary path for each servable; all appear at the end.

    Args:
        output: Path of the folder of servables.
        paths: What `choose` returned.

    Yields:
        Dictionary: for each name the path to write to, which is renamed in
        the end. After an error nothing appears.

    Raises:
        InputError: if a version exists by now, or cannot be written.
    """
    with (
        files.writable(output),
        files.making(output),
        contextlib.ExitStack() as stack,
    ):
        # Not in a servable's folder, which a server may be watching.
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(dir=output, prefix=".exporting.")
        )
        temporary = {name: pathlib.Path(folder, name) for name in paths}
        yield temporary
        _check_free(paths.values())
        for name, path in paths.items():
            path.parent.mkdir(exist_ok=True)
            os.rename(temporary[name], path)


def _check_free(paths):
    for path in paths:
        if path.exists():
            raise InputError(
                "A version must be a number that is free. Received: "
                f"{path.name}, and {path} exists"
            )
