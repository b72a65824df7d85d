"""Writes a bundle for TF Serving: all of it or nothing."""

import contextlib
import os
import pathlib
import shutil
import string
import tempfile

from google.protobuf import text_format

from ali_keras import files
from ali_keras.errors import InputError

from .. import servables
from .. import warmup
from . import settings

TEMPLATES = pathlib.Path(__file__).parent / "bundle"


def write_bundle(
    saved_models, output, version=None, canary_version=None, batching=False
):
    """Writes a bundle: all of it or nothing.

    Args:
        saved_models: Path of a folder as `export.saved_model` writes it.
        output: Path of the bundle. It must not exist, or be an empty folder.
        version: Integer, the stable version; `None` is the newest encoder's.
        canary_version: Integer, a second version, or `None`.
        batching: Boolean. Whether the server is to batch requests.

    Returns:
        Path of the bundle, absolute.

    Raises:
        InputError: if a version is missing in a servable, if both are the
            same, if the output holds something or cannot be written.
    """
    labels = _choose_labels(saved_models, version, canary_version)
    sources = {
        name: [servables.find(saved_models, name, v) for v in labels.values()]
        for name in _names(saved_models, labels["stable"])
    }
    output = pathlib.Path(output).absolute()
    with _appearing(output) as folder:
        _copy_models(folder, sources, batching)
        config = settings.models_config(sources, labels)
        text = text_format.MessageToString(config)
        files.write_bytes(folder / "models.config", text.encode())
        values = settings.template_values(sources, labels, batching)
        for template in TEMPLATES.glob("*.*"):
            text = string.Template(template.read_text()).substitute(values)
            files.write_bytes(folder / template.name, text.encode())
    return output


def _copy_models(folder, sources, batching):
    for name, paths in sources.items():
        for path in paths:
            copy = folder / "models" / name / path.name
            shutil.copytree(path, copy, copy_function=_link_or_copy)
            if batching:
                limit = settings.max_batch_size(sources)
                warmup.keep_batchable(copy, limit)


def _choose_labels(saved_models, version, canary_version):
    encoder = servables.find(saved_models, "encoder", version)
    labels = {"stable": int(encoder.name)}
    if canary_version:
        labels["canary"] = canary_version
    if labels["stable"] == canary_version:
        raise InputError(
            "--canary_version must be another one than the stable version. "
            f"Received: {canary_version} for both"
        )
    return labels


def _names(saved_models, version):
    return ["encoder", "decoder"] + [
        name
        for name in ("classifier", "reconstructor")
        if pathlib.Path(saved_models, name, str(version)).exists()
    ]


@contextlib.contextmanager
def _appearing(output):
    """Yields a folder beside the output, which takes its name in the end."""
    with files.writable(output):
        if output.exists() and not (output.is_dir() and _is_empty(output)):
            raise InputError(
                "--output must be a folder that is new or empty. Received: "
                f"{output}, which exists"
            )
        with (
            files.making(output.parent),
            tempfile.TemporaryDirectory(
                dir=output.parent, prefix=".bundling."
            ) as temporary,
        ):
            # Not the temporary folder itself, which is closed to others.
            folder = pathlib.Path(temporary, output.name)
            folder.mkdir()
            yield folder
            os.rename(folder, output)


def _is_empty(folder):
    return not any(folder.iterdir())


def _link_or_copy(source, destination):
    # SavedModels are written once and then replaced as a whole, if at all.
    try:
        os.link(os.path.realpath(source), destination)
    except OSError:  # Another disk, or one without hard links.
        shutil.copy2(source, destination)
