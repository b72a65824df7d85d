"""SavedModels of a tiny model, and the files of each quantization."""

import functools

import pytest

from export.tflite import export_tflite
from export.tflite.source import Source
from tests import programs
from tests import tiny
from tests.export.tflite import models


@pytest.fixture(scope="package")
def trained(tmp_path_factory):
    """A tiny model, the folder of data, and the folder of SavedModels."""
    folder = tmp_path_factory.mktemp("tiny")
    programs.store_tiny(folder)
    model = tiny.model()
    return model, folder, models.export(folder, model)


@pytest.fixture(scope="package")
def converted(trained, tmp_path_factory):
    """Function: the paths of a quantization's files, for batches of 2."""
    folder = tmp_path_factory.mktemp("tflite")
    source = Source(trained[2], batch_size=2)

    @functools.cache
    def convert(quantization):
        return export_tflite(source, folder, quantization)

    return convert
