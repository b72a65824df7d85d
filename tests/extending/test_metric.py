"""Adding a metric: a function, its words, its name in METRICS."""

import json

import numpy as np
import pytest

from ali_keras.data.splits import load_splits
from ali_keras.evaluation import evaluate as evaluation
from ali_keras.evaluation.metric import Metric
from ali_keras.evaluation.metrics import METRICS
from ali_keras.evaluation.metrics_text import format_metrics
from tests import programs
from tools import evaluate


def measure(needs):
    """A file in evaluation/metrics/ would hold this, and the `Metric`."""
    norms = np.linalg.norm(needs.query_codes["z_mean"], axis=1)
    yield "mean_code_norm", float(norms.mean())
    yield "code_norms", {"smallest": float(norms.min()), "num": len(norms)}


METRIC = Metric(
    measure,
    needs=("codes",),
    titles={
        "mean_code_norm": "mean norm of {num_queries} codes",
        "code_norms.smallest": "  the smallest",
    },
)


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    """A finished training; METRICS has the new metric from here on."""
    programs.store_tiny(tmp_path)
    flags = (f"--data_dir={tmp_path}", "--epochs=1")
    status, workdir = programs.train_tiny(tmp_path / "run", *flags)
    assert status == 0
    monkeypatch.setitem(METRICS, "code_norm", METRIC)
    return workdir


def test_a_new_metric_is_measured_printed_and_written(workdir, capsys):
    with programs.tiny_networks():
        assert programs.start(evaluate, f"--workdir={workdir.path}") == 0
    printed = capsys.readouterr().out
    with programs.tiny_networks():
        model, config = workdir.load()
        splits = load_splits(config)
        results = evaluation.evaluate(model, config, *splits)
    images = splits[1][0].astype("float32") / 255
    norms = np.linalg.norm(model.encode(images), axis=1)
    assert results["mean_code_norm"] == pytest.approx(norms.mean(), rel=1e-5)
    assert results["code_norms"]["num"] == 8
    assert json.loads(workdir.metrics.read_text()) == results
    table = format_metrics(results)
    assert f"  mean norm of 8 codes {results['mean_code_norm']:>33.4f}" in table
    assert (
        f"    the smallest {results['code_norms']['smallest']:>39.4f}" in table
    )
    assert table in printed


def test_a_new_metric_is_left_out_where_its_needs_are_not_met(workdir):
    unmet = Metric(measure, needs=("codes", "labels"))
    METRICS["code_norm"] = unmet  # The data set has no labels.
    with programs.tiny_networks():
        model, config = workdir.load()
        splits = load_splits(config)
        assert "mean_code_norm" not in evaluation.evaluate(
            model, config, *splits
        )
