"""Damaged checkpoints and `.keras` files: loaded whole, or refused."""

import json
import shutil
import zipfile

import pytest

from ali_keras import Config
from ali_keras import InputError
from ali_keras.model.build import build_model
from ali_keras.workdir import checkpoints
from ali_keras.workdir.workdir import Workdir
from tests import programs
from tests.fuzzing import mutations

pytestmark = pytest.mark.exhaustive
NUM_CHECKPOINTS = 10_000
# What gets past the checksums takes Keras half a second.
NUM_MODELS = 1000
NUM_CONFIGURATIONS = 20


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """`Workdir` of a tiny model, saved as after a training."""
    workdir = Workdir(tmp_path_factory.mktemp("whole"))
    with programs.tiny_networks():
        config = Config.from_preset("mnist", "tiny", epochs=1, latent_dim=2)
        model = build_model(config)
        config.write(workdir.config)
        workdir.checkpoints.save(model)
        workdir.finish(model, config)
        yield workdir


@pytest.fixture
def copy(whole, tmp_path):
    shutil.copytree(whole.path, tmp_path / "copy")
    return Workdir(tmp_path / "copy")


def test_checkpoints(copy):
    path = copy.checkpoints.newest()[1]
    content = path.read_bytes()
    watch = mutations.Watch(copy.path, own=[str(path.relative_to(copy.path))])

    def read(path):
        try:
            return checkpoints.read(path)
        except ValueError as error:  # `restore` goes on to the one before.
            raise InputError(f"Received: {error}") from None

    def one(seed):
        changed = mutations.mutate_bytes(content, mutations.generator(seed))
        path.write_bytes(changed)
        if watch.call(read, path) is not None:
            assert changed == content

    mutations.run(NUM_CHECKPOINTS, one)
    watch.check()


def test_models(copy):
    content = copy.model.read_bytes()
    watch = mutations.Watch(copy.path, own=["model.keras"])

    def one(seed):
        changed = mutations.mutate_bytes(content, mutations.generator(seed))
        copy.model.write_bytes(changed)
        watch.call(copy.load)

    mutations.run(NUM_MODELS, one)
    watch.check()


def test_configurations_of_models(copy):
    # Whole files, with a description of a model that is not ours.
    with zipfile.ZipFile(copy.model) as pack:
        parts = {name: pack.read(name) for name in pack.namelist()}
    valid = json.loads(parts["config.json"])
    watch = mutations.Watch(copy.path, own=["model.keras"])

    def one(seed):
        rng = mutations.generator(seed)
        changed = json.dumps(mutations.mutate_json(valid, rng)).encode()
        with zipfile.ZipFile(copy.model, "w") as pack:
            for name, part in {**parts, "config.json": changed}.items():
                pack.writestr(name, part)
        watch.call(copy.load)

    mutations.run(NUM_CONFIGURATIONS, one)
    assert watch.refused > 0
    assert programs.snapshot(copy.path).keys() == watch.before.keys() | {
        "model.keras"
    }
