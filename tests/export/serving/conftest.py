"""A bundle of two versions of a model, and what a server has of it."""

import shutil

import pytest

import ali_keras
from export.saved_model import export_saved_models
from export.serving.write import write_bundle
from tests.client.serving_models import Models


@pytest.fixture(scope="package")
def two_versions(tmp_path_factory):
    """Folder of two versions of the servables."""
    folder = tmp_path_factory.mktemp("saved_models")
    config = ali_keras.Config.from_preset("mnist", precision="float32")
    paths = export_saved_models(ali_keras.build_model(config), config, folder)
    for path in paths.values():
        shutil.copytree(path, path.with_name("2"))
    return folder


@pytest.fixture(scope="package")
def served_bundle(two_versions, tmp_path_factory):
    output = tmp_path_factory.mktemp("bundles") / "bundle"
    return write_bundle(two_versions, output, 1, canary_version=2)


@pytest.fixture(scope="package")
def models(served_bundle):
    return Models(served_bundle / "models", {"stable": 1, "canary": 2})
