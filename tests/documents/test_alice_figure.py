"""The figure of results/alice, from runs whose figures are made up."""

import json

import numpy as np
import pytest
import tensorflow as tf

from results import alice_figure


def write(folder, name, seed, cycle, weight, error, score):
    path = folder / name / f"seed_{seed}"
    path.mkdir(parents=True)
    config = {"cycle": cycle, "cycle_weight": weight}
    metrics = {
        "reconstruction_error": error,
        "classifier_score": score,
        "classifier_score_real": 9.0,
    }
    for file, content in (("config", config), ("metrics", metrics)):
        (path / f"{file}.json").write_text(json.dumps(content))


@pytest.fixture
def folder(tmp_path):
    # ALI's weight means nothing, and comes from its preset.
    for seed, error in enumerate((0.04, 0.06)):
        write(tmp_path, "ali", seed, "none", 10.0, error, 6.0)
    for seed, error in enumerate((0.01, 0.02, 0.03)):
        write(tmp_path, "l2_10", seed, "l2", 10.0, error, 7.0 + seed)
    write(tmp_path, "l2_1", 0, "l2", 1.0, 0.03, 6.5)
    write(tmp_path, "adversarial_1", 0, "adversarial", 1.0, 0.035, 6.2)
    return tmp_path


def test_runs_are_sorted_by_form_and_weight(folder):
    runs = alice_figure.read(folder)
    assert {key: len(seeds) for key, seeds in runs.items()} == {
        ("none", 0.0): 2,
        ("l2", 10.0): 3,
        ("l2", 1.0): 1,
        ("adversarial", 1.0): 1,
    }


def test_a_line_has_means_and_deviations_over_the_seeds(folder):
    runs = alice_figure.read(folder)
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


def test_the_program_draws_the_figure(folder, monkeypatch, capsys):
    path = folder / "alice.png"
    monkeypatch.setattr(alice_figure, "FOLDER", folder)
    monkeypatch.setattr(alice_figure, "PICTURE", path)
    alice_figure.main()
    assert capsys.readouterr().out.strip() == str(path)
    picture = tf.io.decode_png(path.read_bytes()).numpy()
    assert picture.shape[1] > picture.shape[0] > 400
    # Something is drawn in both halves.
    for half in np.split(picture[..., :3], 2, axis=1):
        assert half.min() < 50
        assert half.std() > 5
