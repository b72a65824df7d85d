"""The metrics' room: needs are declared, met and computed once."""

import types
from unittest import mock

import numpy as np
import pytest

from ali_keras.evaluation import batchwise
from ali_keras.evaluation import evaluate as evaluation
from ali_keras.evaluation import neighbours
from ali_keras.evaluation.metric import Metric
from ali_keras.evaluation.metrics import METRICS
from ali_keras.evaluation.needs import NEEDS
from ali_keras.evaluation.needs import Needs
from tests import tiny

LABELS = np.arange(12) % 3


@pytest.fixture(scope="module")
def model():
    return tiny.model(classes=3)


def pixels(number, seed=0):
    return np.round(tiny.images(number, seed) * 255).astype("uint8")


def make_needs(model, dataset="digits", labels=LABELS):
    """Needs of 12 training and 6 held-out images."""
    config = types.SimpleNamespace(dataset=dataset, batch_size=4)
    held_out = None if labels is None else labels[:6]
    train, queries = (pixels(12), labels), (pixels(6, seed=1), held_out)
    return Needs(model, config, train, queries, num_samples=5)


class Recorder:
    """Stands before `Needs` and remembers what is read of it."""

    def __init__(self, needs):
        self._needs = needs
        self.read = set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self._needs, name)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_reads_only_what_it_says_it_needs(name, model):
    metric = METRICS[name]
    is_mixture = "mixture" in metric.needs
    needs = make_needs(model, "mixture_5" if is_mixture else "digits")
    if is_mixture:
        needs.samples = needs.queries = needs.reconstructions = np.ones((6, 2))
    needs._untrained = model
    if "sample_labels" in metric.needs:
        needs.samples, needs.sample_labels = tiny.images(5), LABELS[:5]
    if "sample_attributes" in metric.needs:
        needs.samples, needs.attribute_names = tiny.images(6), ["a", "b"]
        needs.gallery_labels = np.eye(2, dtype="float32")[LABELS % 2]
        needs.sample_labels = needs.labels = needs.gallery_labels[:6]
    recorder = Recorder(needs)
    results = dict(metric.measure(recorder))
    declared = {attribute for need in metric.needs for attribute in NEEDS[need]}
    assert recorder.read <= declared | {"progress"}
    for path in metric.titles:
        result, _, key = path.partition(".")
        assert not key or key in results[result]
        assert result in results


def test_no_two_metrics_have_a_title_for_one_result():
    paths = [path for metric in METRICS.values() for path in metric.titles]
    assert len(set(paths)) == len(paths)


def test_all_needs_are_attributes(model):
    needs = make_needs(model)
    needs._untrained = model
    for attributes in NEEDS.values():
        assert all(hasattr(needs, attribute) for attribute in attributes)


@pytest.mark.parametrize(
    ("dataset", "labels", "unmet"),
    [
        ("digits", LABELS, {"mixture"}),
        ("mixture_5", LABELS, {"images"}),
        (
            "digits",
            None,
            {
                "mixture",
                "labels",
                "label_classifier",
                "probability_classifier",
            },
        ),
    ],
)
def test_needs_are_met_by_the_data(model, dataset, labels, unmet):
    needs = make_needs(model, dataset, labels)
    # The model is told nothing.
    told = {"sample_labels", "sample_attributes", "attribute_classifier"}
    assert {need for need in NEEDS if not needs.has(need)} == unmet | told


def test_an_unknown_need_is_refused(model):
    metric = Metric(lambda needs: [], needs=("code",))
    with pytest.raises(ValueError, match="of \\['images'.*Received: code"):
        list(evaluation.measure_each(make_needs(model), {"new": metric}))


def test_needs_are_computed_at_first_use_and_once(model):
    needs = make_needs(model)
    assert not {"query_codes", "samples"} & vars(needs).keys()
    with mock.patch.object(batchwise, "encode", wraps=batchwise.encode) as spy:
        assert needs.query_codes is needs.query_codes
        assert len(needs.reconstructions) == len(needs.queries)
    assert spy.call_count == 1  # The reconstructions are of these codes.
    assert "gallery_codes" not in vars(needs)


def test_metrics_are_measured_one_by_one(model):
    needs = make_needs(model, labels=None)
    steps = evaluation.measure_each(needs)
    expected = {"num_gallery": 12, "num_queries": 6}
    assert next(steps) == ("image_counts", expected)
    assert "reconstructions" not in vars(needs)
    assert next(steps)[0] == "reconstruction_error"
    assert list(steps) == []


def test_a_second_result_of_one_name_is_refused(model, monkeypatch):
    twice = Metric(lambda needs: [("num_queries", 1)], needs=())
    monkeypatch.setitem(METRICS, "twice", twice)
    splits = (pixels(12), None), (pixels(6), None)
    config = types.SimpleNamespace(dataset="digits")
    with pytest.raises(ValueError, match="num_queries.*twice"):
        evaluation.evaluate(model, config, *splits)


def test_batches_of_pixels_are_the_floats_that_they_stand_for(model):
    images = pixels(batchwise.BATCH_SIZE + 1)
    floats = images.astype("float32") / 255
    codes = batchwise.encode(model, images)
    np.testing.assert_equal(codes, batchwise.encode(model, floats))
    np.testing.assert_allclose(codes["z_mean"], model.encode(floats), atol=1e-6)
    rebuilt = batchwise.reconstruct(model, images)
    np.testing.assert_allclose(rebuilt, model.reconstruct(floats), atol=1e-6)
    np.testing.assert_array_equal(rebuilt, batchwise.reconstruct(model, floats))
    np.testing.assert_array_equal(
        batchwise.squared_errors(images, rebuilt), (floats - rebuilt) ** 2
    )


def test_neighbours_in_parts_are_those_of_the_whole(monkeypatch):
    # Few values in few pixels: many are equally near.
    rng = np.random.default_rng(0)
    gallery, queries = (
        rng.integers(0, 3, (number, 3, 3, 1)).astype("uint8")
        for number in (1_000, 600)
    )
    whole = neighbours.find_nearest(gallery, queries)
    monkeypatch.setattr(neighbours, "PART_SIZE", 256)
    parts = neighbours.find_nearest(gallery, queries)
    np.testing.assert_array_equal(parts, whole)
    assert whole.max() > 512
