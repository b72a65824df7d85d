"""A small run gives the answers and the metrics from before the packages."""

import json
import pathlib

import numpy as np
import pytest

from tests.compatibility import closeness
from tests.compatibility import small_runs

FIGURES = json.loads((small_runs.RECORDED / "small_runs.json").read_text())
TOLERANCE = 1e-4  # After two steps; 3e-6 with other instructions.


@pytest.mark.slow
def test_the_digits_export_answers_as_recorded(finished, tmp_path):
    # `finished` is trained as the recorded run.
    answers = small_runs.export("mnist", finished.path, tmp_path / "export")
    with np.load(small_runs.RECORDED / "answers" / "mnist.npz") as file:
        distances = closeness.distances(answers, dict(file))
    assert max(distances.values()) < TOLERANCE, distances


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["mnist", pytest.param("mixture", marks=pytest.mark.exhaustive)]
)
def test_metrics_are_as_recorded(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = pathlib.Path(name)
    small_runs.continue_training(name, path, epochs=1)
    metrics = small_runs.measure(name, path)
    recorded = FIGURES[name]["metrics"]
    assert list(metrics) == list(recorded)
    numbers, known = map(closeness.flatten, (metrics, recorded))
    assert set(numbers) == set(known)
    for key, value in known.items():
        # Shares count images: one near a border may fall to its other side.
        assert numbers[key] == pytest.approx(value, rel=1e-3, abs=2e-3), key
