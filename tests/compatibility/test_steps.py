"""Twenty steps of the presets give the numbers from before the packages.

The bytes are the same on the machine of the recording alone: there
`record.py` compares digests. Here rounding may differ, a formula may not.
"""

import json
import pathlib

import numpy as np
import pytest

from tests.compatibility import closeness
from tests.compatibility import small_runs
from tests.compatibility import steps

RECORDED = json.loads((small_runs.RECORDED / "steps.json").read_text())
PREPARED_CIFAR10 = pathlib.Path.home() / "tensorflow_datasets" / "cifar10"
FIGURES = 1e-4
# Half of the variables; a single one may have gradients of mere rounding,
# which Adam takes for full steps.
MEDIAN = 1e-4


def is_slow(preset):
    return [] if preset == "mnist" else [pytest.mark.slow]


@pytest.mark.parametrize(
    "preset", [pytest.param(p, marks=is_slow(p)) for p in steps.RUNS]
)
def test_figures_and_variables_are_as_recorded(preset, data_dir, tmp_path):
    if preset == "cifar10":
        if not PREPARED_CIFAR10.exists():
            pytest.skip("CIFAR-10 is not prepared in TFDS' own folder.")
        data_dir = None
    path = tmp_path / "run"
    values = steps.sample(steps.variables(steps.train(preset, data_dir, path)))
    means, last = steps.losses(path)
    for figures, name in ((means, "means"), (last, "last_step")):
        distances = closeness.distances(figures, RECORDED[preset][name])
        assert max(distances.values()) < FIGURES, distances
    with np.load(small_runs.RECORDED / "steps" / f"{preset}.npz") as file:
        distances = closeness.distances(values, dict(file))
    assert np.median(list(distances.values())) < MEDIAN, distances
