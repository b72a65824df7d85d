"""A short real training learns real digits."""

import pytest

import ali_keras
from ali_keras.data.splits import load_splits
from ali_keras.evaluation import evaluate as evaluation
from ali_keras.workdir.workdir import Workdir

# A seventh of the preset's training. Before some 400 steps, rounding alone
# decides how far it has come.
EPOCHS = 15

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def metrics(data_dir, tmp_path_factory):
    workdir = Workdir(tmp_path_factory.mktemp("learning") / "run")
    config = ali_keras.Config.from_preset(
        "mnist", "mnist_5k", data_dir=data_dir, epochs=EPOCHS
    )
    ali_keras.train(config, workdir.path)
    model, config = workdir.load()
    splits = load_splits(config)
    return evaluation.evaluate(model, config, *splits, num_samples=100)


def test_codes_tell_digits_apart_better_than_untrained_ones(metrics):
    # Measured with two seeds: 0.165 and 0.218 above.
    accuracy = metrics["nearest_neighbour_accuracy"]
    assert accuracy["z_mean"] >= accuracy["z_mean_untrained"] + 0.05
    assert accuracy["features"] >= accuracy["features_untrained"] + 0.03


def test_reconstructions_keep_digits_more_often_than_chance(metrics):
    # Measured with two seeds: 0.23 and 0.30. Chance is 0.10.
    assert metrics["reconstruction_agreement"] >= 0.15
    # A grey picture errs by 0.067, noise by more than 0.3.
    assert metrics["reconstruction_error"] <= 0.12


def test_baselines_are_those_of_real_digits(metrics):
    assert metrics["nearest_neighbour_accuracy"]["pixels"] > 0.9
    assert metrics["classifier_accuracy"] > 0.9
    assert (metrics["num_gallery"], metrics["num_queries"]) == (4000, 1000)
