"""Metrics of Gaussian mixtures: values by hand, and a tiny run of points."""

import json
import math
import shutil
import types

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras.data.splits import load_held_out
from ali_keras.datasets.gaussian_mixtures import GaussianMixture
from ali_keras.evaluation import batchwise
from ali_keras.evaluation import mixtures
from ali_keras.evaluation.metrics import mixture_modes
from ali_keras.evaluation.metrics import reconstruction_error
from ali_keras.plotting import mixture_panels
from ali_keras.workdir.workdir import Workdir
from tests import programs
from tools import encode
from tools import evaluate
from tools import generate
from tools import interpolate
from tools import reconstruct

# Four modes at the corners of a square.
SQUARE = GaussianMixture(means=((0, 0), (4, 0), (0, 4), (4, 4)), stddev=0.5)
MEANS = np.array(SQUARE.means, "float32")


def measure(mixture, samples, points, reconstructions):
    """All results of a mixture, of points rather than of a model."""
    needs = types.SimpleNamespace(
        mixture=mixture,
        samples=samples,
        queries=points,
        reconstructions=reconstructions,
    )
    return {
        **dict(mixture_modes.measure(needs)),
        **dict(reconstruction_error.measure(needs)),
        **dict(mixture_modes.measure_shares(needs)),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """`Workdir` of a training of two steps on points. Leave it as it is."""
    folder = tmp_path_factory.mktemp("points")
    config = ali_keras.Config.from_preset(
        "mixture",
        "mixture_5",
        data_dir=str(folder / "data"),
        epochs=1,
        steps_per_epoch=2,
        batch_size=20,
    )
    ali_keras.train(config, folder / "run")
    return Workdir(folder / "run")


def test_mixtures_are_found_by_their_names():
    assert mixtures.find("mixture_25") is mixtures.find("mixture_25:1.0.0")
    assert len(mixtures.find("mixture_25").means) == 25
    assert len(mixtures.find("mixture_5").means) == 5
    assert mixtures.find("mnist") is None


def test_responsibilities_are_the_posterior():
    mixture = GaussianMixture(means=((0.0, 0.0), (2.0, 0.0)), stddev=1.0)
    points = np.array([[1.0, 7.0], [0.5, 0.0], [-1e4, 0.0]])
    # At 0.5, the squared distances are 0.25 and 2.25: a log-odds of 1.
    first = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose(
        mixtures.responsibilities(mixture, points),
        [[0.5, 0.5], [first, 1 - first], [1, 0]],
    )


def test_a_narrower_mixture_is_surer():
    mixture = GaussianMixture(means=((0.0, 0.0), (2.0, 0.0)), stddev=0.5)
    [[first, _]] = mixtures.responsibilities(mixture, np.array([[0.5, 0.0]]))
    assert first == pytest.approx(1 / (1 + math.exp(-4)))


def test_points_belong_to_the_most_responsible_mode():
    points = np.random.default_rng(0).normal(2, 3, (100, 2))
    responsible = mixtures.responsibilities(SQUARE, points).argmax(axis=1)
    np.testing.assert_array_equal(mixtures.modes(SQUARE, points), responsible)
    assert len(set(responsible)) == 4


def test_shares_of_all_modes_and_of_all_but_one():
    every = mixtures.mode_shares(SQUARE, MEANS.repeat(3, axis=0))
    np.testing.assert_array_equal(every, [0.25] * 4)
    # As far away as they like: the modes cover the plane.
    samples = MEANS[[0, 0, 0, 1, 3]] + [[-9.0, -9.0]] + [[9.0, 9.0]]
    shares = mixtures.mode_shares(SQUARE, samples)
    np.testing.assert_allclose(shares, [0.6, 0.2, 0, 0.2])
    far = mixtures.mode_shares(SQUARE, np.array([[-90.0, 80.0]]))
    np.testing.assert_array_equal(far, [0, 0, 1, 0])


def test_within_radius_counts_up_to_four_sigma():
    samples = np.array([[0.0, 0.0], [0.0, 1.99], [0.0, 2.01], [9.0, 4.0]])
    narrow = GaussianMixture(means=((0.0, 0.0), (9.0, 0.0)), stddev=0.5)
    assert mixtures.within_radius(narrow, samples) == 0.5


def test_the_mixture_itself_scores_as_it_should():
    mixture = mixtures.find("mixture_25")
    rng = np.random.default_rng(0)
    samples, _ = mixture.draw(rng, 10_000)
    points, components = mixture.draw(rng, 10_000)
    metrics = measure(mixture, samples, points, points)
    assert metrics["modes_covered"] == metrics["num_modes"] == 25
    # 1 - exp(-8), and four standard errors.
    assert metrics["within_radius"] == pytest.approx(0.99966, abs=0.0008)
    assert 0.03 < metrics["smallest_mode_share"] < 0.04
    assert metrics["inception_score"] == pytest.approx(25, abs=0.2)
    assert metrics["own_mode"] == 1
    assert metrics["reconstruction_error"] == 0
    np.testing.assert_array_equal(mixtures.modes(mixture, points), components)


@pytest.mark.parametrize(("kept", "score"), [([0, 1, 2, 3], 4), ([0, 2], 2)])
def test_the_score_counts_the_modes_of_sure_samples(kept, score):
    narrow = GaussianMixture(means=SQUARE.means, stddev=0.1)
    found = mixtures.score(narrow, MEANS[kept])
    assert found == pytest.approx(score)


def test_the_score_of_unequal_modes_and_of_unsure_samples():
    narrow = GaussianMixture(means=SQUARE.means, stddev=0.1)
    # Sure of its mode, the score is the exponential of the shares' entropy.
    expected = 0.75**-0.75 * 0.25**-0.25
    found = mixtures.score(narrow, MEANS[[0, 0, 0, 1]])
    assert found == pytest.approx(expected)
    # In the middle of all modes, nothing is known.
    middle = np.full((5, 2), 2.0)
    assert mixtures.score(narrow, middle) == pytest.approx(1)


def test_reconstructions_moved_to_the_neighbour_are_not_in_their_mode():
    moved = MEANS.copy()
    moved[0] = MEANS[1]
    assert mixtures.own_mode(SQUARE, MEANS, MEANS + 0.5) == 1
    assert mixtures.own_mode(SQUARE, MEANS, moved) == 0.75
    metrics = measure(SQUARE, MEANS, MEANS, moved)
    # One of eight values is off by 4.
    assert metrics["reconstruction_error"] == 2
    assert metrics["own_mode"] == 0.75


def test_metrics_are_json_and_name_the_missing_mode():
    metrics = measure(SQUARE, MEANS[:3], MEANS, MEANS)
    assert json.loads(json.dumps(metrics)) == metrics
    assert (metrics["num_modes"], metrics["modes_covered"]) == (4, 3)
    assert metrics["smallest_mode_share"] == metrics["mode_shares"][3] == 0
    assert (metrics["num_samples"], metrics["num_queries"]) == (3, 4)


def test_a_picture_has_four_panels_in_the_modes_colours(tmp_path):
    panels = (MEANS, MEANS, MEANS[::-1], MEANS / 4)
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, reconstructions in zip(paths, (MEANS, MEANS[::-1]), strict=True):
        panels = (MEANS, MEANS, reconstructions, MEANS / 4)
        mixture_panels.plot(path, SQUARE, *panels)
    first, second = (
        tf.io.decode_png(path.read_bytes()).numpy() for path in paths
    )
    assert first.shape == (900, 900, 4)
    # Reconstructions of the wrong mode are in the wrong colour.
    rows, columns = np.nonzero((first != second).any(axis=-1))
    assert len(rows) and rows.min() > 450 and columns.max() < 450


def test_a_run_on_points_leaves_its_picture(run):
    names = {path.name for path in run.path.glob("*.png")}
    assert names == {"mixture.png", "losses.png"}
    picture = tf.io.decode_png((run.path / "mixture.png").read_bytes())
    assert picture.shape == (900, 900, 4)


def test_evaluate_measures_points(run, tmp_path, capsys):
    shutil.copytree(run.path, tmp_path / "run")
    assert programs.start(evaluate, f"--workdir={tmp_path}/run") == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    model, config = run.load()
    points, _ = load_held_out(config)
    expected = measure(
        mixtures.find("mixture_5"),
        *(
            np.reshape(values, (-1, 2))
            for values in (
                batchwise.generate(model, 10_000),
                points,
                batchwise.reconstruct(model, points),
            )
        ),
    )
    assert metrics == expected
    assert metrics["num_queries"] == 1_024
    printed = capsys.readouterr().out
    assert f"modes covered {metrics['modes_covered']:>40}\n" in printed
    for name in ("within_radius", "own_mode", "inception_score"):
        assert f"{metrics[name]:.4f}" in printed
    assert "mixture.png" in printed
    assert not (tmp_path / "run" / "neighbours.png").exists()


def test_points_are_generated_as_they_are(run, tmp_path):
    path = tmp_path / "x.npz"
    status = programs.start(
        generate,
        f"--workdir={run.path}",
        f"--output={path}",
        "--format=npz",
        "--num_images=50",
        "--seed=3",
    )
    assert status == 0
    model, _ = run.load()
    with np.load(path) as arrays:
        assert arrays["image"].dtype == np.float32
        np.testing.assert_allclose(
            arrays["image"], model.generate(50, seed=3), atol=1e-5
        )
        np.testing.assert_array_equal(arrays["z"], model.sample_prior(50, 3))


def test_points_are_encoded_with_the_noise_of_the_encoder(run, tmp_path):
    path = tmp_path / "x.npz"
    flags = (f"--workdir={run.path}", f"--output={path}")
    assert programs.start(encode, *flags) == 0
    model, config = run.load()
    points, labels = load_held_out(config)
    with np.load(path) as codes:
        assert set(codes) == {"z_mean", "z", "features", "label"}
        np.testing.assert_array_equal(codes["label"], labels)
        np.testing.assert_allclose(
            codes["z_mean"], model.encode(points), atol=1e-5
        )
        assert (codes["z"] != codes["z_mean"]).mean() > 0.9


@pytest.mark.parametrize(
    ("tool", "flags", "said"),
    [
        (generate, (), "one of ['npz'] for points"),
        (generate, ("--output={}/x.tfrecord",), "Received: tfrecord"),
        (reconstruct, (), "for a grid of images"),
        (interpolate, (), "for a grid of images"),
    ],
)
def test_grids_of_points_are_refused(run, tmp_path, capsys, tool, flags, said):
    path = tmp_path / "x.png"
    arguments = (f"--workdir={run.path}", f"--output={path}", *flags)
    status = programs.start(tool, *(a.format(tmp_path) for a in arguments))
    assert said in programs.error_line(status, capsys.readouterr())
    assert not path.exists()
