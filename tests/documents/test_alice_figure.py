"""The figure of the cycle's weight, from runs that are made up."""

import numpy as np
import pytest
import tensorflow as tf

from tools.documents import alice_figure
from tools.documents import records


def run(cycle, weight, error, score):
    return {
        "config": {"cycle": cycle, "cycle_weight": weight},
        "metrics": {
            "reconstruction_error": error,
            "classifier_score": score,
            "classifier_score_real": 9.0,
        },
    }


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    # ALI's weight means nothing, and comes from its preset.
    runs = [run("none", 10.0, error, 6.0) for error in (0.04, 0.06)]
    for seed, error in enumerate((0.01, 0.02, 0.03)):
        runs.append(run("l2", 10.0, error, 7.0 + seed))
    runs.append(run("l2", 1.0, 0.03, 6.5))
    runs.append(run("adversarial", 1.0, 0.035, 6.2))
    records.write(records.path("alice_sweep"), runs)
    return tmp_path


def test_runs_are_sorted_by_form_and_weight():
    runs = alice_figure.read()
    assert {key: len(seeds) for key, seeds in runs.items()} == {
        ("none", 0.0): 2,
        ("l2", 10.0): 3,
        ("l2", 1.0): 1,
        ("adversarial", 1.0): 1,
    }


def test_a_line_has_means_and_deviations_over_the_seeds():
    runs = alice_figure.read()
    weights, means, deviations = alice_figure.line(
        runs, "l2", "classifier_score"
    )
    assert weights == [1.0, 10.0]
    assert means == pytest.approx([6.5, 8.0])
    assert deviations == pytest.approx([0, np.sqrt(2 / 3)])
    assert alice_figure.line(runs, "none", "reconstruction_error") == (
        [0.0],
        [pytest.approx(0.05)],
        [pytest.approx(0.01)],
    )


def test_the_figure_is_drawn(folder):
    path = folder / "alice.png"
    alice_figure.draw(alice_figure.read(), path)
    picture = tf.io.decode_png(path.read_bytes()).numpy()
    assert picture.shape[1] > picture.shape[0] > 400
    # Something is drawn in both halves.
    for half in np.split(picture[..., :3], 2, axis=1):
        assert half.min() < 50
        assert half.std() > 5
