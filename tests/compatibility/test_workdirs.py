"""Workdirs from before the packages go on, are measured and are exported."""

import json
import pathlib
import shutil

import keras
import numpy as np
import pytest

from ali_keras.workdir.workdir import Workdir
from tests.compatibility import closeness
from tests.compatibility import small_runs
from tests.compatibility import steps

RECORDED = small_runs.RECORDED
FIGURES = json.loads((RECORDED / "small_runs.json").read_text())
# The same weights, hence the same numbers but for the order of sums.
SAME = 1e-6
# After one more epoch.
TRAINED = 1e-4
# The variables that must be. Some biases, such as that of a relativistic
# discriminator's logit, have a gradient of 0: Adam takes full steps by what
# rounding leaves of it.
SHARE_TRAINED = 0.9


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    """Function of a name, to the path of a copy of the recorded workdir."""
    monkeypatch.chdir(tmp_path)  # Its configuration has data in "data".

    def copy(name):
        small_runs.store_data(name)
        return pathlib.Path(shutil.copytree(RECORDED / "workdirs" / name, name))

    return copy


def arrays(kind, name):
    with np.load(RECORDED / kind / f"{name}.npz") as file:
        return dict(file)


def check(distances, tolerance):
    assert distances
    far = {k: v for k, v in distances.items() if v > tolerance}
    assert not far


@pytest.mark.slow
@pytest.mark.parametrize("name", small_runs.WORKDIRS)
def test_it_resumes(workdir, name):
    path = workdir(name)
    small_runs.continue_training(name, path, epochs=2)
    history = json.loads((path / "history.json").read_text())
    del history["seconds"]
    recorded = closeness.flatten(FIGURES[name]["resumed"])
    check(closeness.distances(closeness.flatten(history), recorded), TRAINED)
    values = steps.sample(
        steps.variables(keras.models.load_model(path / "model.keras"))
    )
    distances = closeness.distances(values, arrays("resumed", name))
    is_near = [distance <= TRAINED for distance in distances.values()]
    assert np.mean(is_near) >= SHARE_TRAINED, distances


def test_it_loads(workdir):
    with small_runs.networks_of("images"):
        model, config = Workdir(workdir("images")).load()
    assert int(model.step.numpy()) == 3
    assert (config.dataset, config.epochs) == ("tiny", 1)


def test_it_is_exported(workdir):
    answers = small_runs.export("images", workdir("images"), "export")
    recorded = arrays("answers", "images")
    assert {name.split("/")[1] for name in recorded} >= {
        *("encode", "sample", "features", "encode_jpeg"),
        *("decode", "generate"),
    }
    check(closeness.distances(answers, recorded), SAME)


def test_it_is_evaluated(workdir):
    metrics = small_runs.measure("images", workdir("images"))
    recorded = FIGURES["images"]["metrics"]
    assert list(metrics) == list(recorded)
    check(
        closeness.distances(
            closeness.flatten(metrics), closeness.flatten(recorded)
        ),
        SAME,
    )
