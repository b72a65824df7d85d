"""tools.probe, tools.label_curve and tools.select on a finished run."""

import csv
import json

import pytest
import tensorflow as tf

from tests import programs
from tools import label_curve
from tools import probe
from tools import select

FEW = ("--num_draws=2", "--num_validation=3500")


@pytest.fixture
def call(finished, capsys):
    """Calls a tool on the finished run; returns what it printed."""

    def call(tool, *flags):
        status = programs.start(tool, f"--workdir={finished.path}", *flags)
        captured = capsys.readouterr()
        assert status == 0, captured.err
        return captured.out

    return call


@pytest.fixture
def refuse(finished, capsys, tmp_path):
    """Calls a tool that must refuse its flags; returns the line."""

    def refuse(tool, *flags, workdir=finished.path):
        flags = (f"--output={tmp_path / 'x.json'}", *flags)
        status = programs.start(tool, f"--workdir={workdir}", *flags)
        assert not (tmp_path / "x.json").exists()
        return programs.error_line(status, capsys.readouterr())

    return refuse


@pytest.mark.slow
def test_probe_writes_errors_beside_their_baselines(call, tmp_path):
    path = tmp_path / "x.json"
    flags = (*FEW, "--num_per_class=5", "--features=z_mean", "--seed=3")
    printed = call(probe, f"--output={path}", *flags)
    results = json.loads(path.read_text())
    assert (results["dataset"], results["seed"]) == ("mnist_5k", 3)
    assert (results["num_pool"], results["num_test"]) == (500, 1000)
    errors = results["svm_error_of_2_draws_of_5_labels_a_class"]
    sizes = {name: each["num_features"] for name, each in errors.items()}
    assert sizes == {
        "z_mean": 32,
        "z_mean_untrained": 32,
        "pca_32": 32,
        "pixels": 784,
    }
    for found in errors.values():
        assert 0 < found["mean"] < 1
        assert f"{found['mean']:.2%} +- {found['std']:.2%}" in printed
    assert errors["pixels"]["mean"] < 0.6
    assert f"Wrote {path}" in printed


@pytest.mark.slow
def test_label_curve_writes_figures_and_a_figure(call, tmp_path):
    path = tmp_path / "x.json"
    flags = (*FEW, "--labels_per_class=5,1")
    printed = call(label_curve, f"--output={path}", *flags)
    results = json.loads(path.read_text())
    curves = {
        (each["classifier"], each["representation"]): each
        for each in results["curves"]
    }
    assert len(curves) == 6 and results["num_draws"] == 2
    for curve in curves.values():
        assert curve["num_per_class"] == [1, 5]
        assert f"{curve['mean'][1]:.2%}" in printed
    pixels = curves["1-NN", "pixels"]
    assert 0.6 > pixels["mean"][0] > pixels["mean"][1] > 0.2
    picture = tf.io.decode_png(path.with_suffix(".png").read_bytes())
    assert picture.shape[0] > 300


def test_select_writes_a_list_that_is_the_next_round_s(call, tmp_path):
    paths = [tmp_path / name for name in ("a.csv", "b.json")]
    split = "--split=train[:300]"
    flags = (split, f"--output={paths[0]}", "--strategy=random")
    call(select, *flags, "--num_images=40", "--seed=2")
    rows = list(csv.DictReader(paths[0].read_text().splitlines()))
    first = {int(row["index"]) for row in rows}
    assert len(first) == 40 and first < set(range(300))
    flags = (split, f"--output={paths[1]}", f"--labelled={paths[0]}")
    printed = call(select, *flags, "--strategy=margin", "--num_images=7")
    assert f"Wrote 7 images of train[:300], by margin, to {paths[1]}" in printed
    results = json.loads(paths[1].read_text())
    assert (results["num_candidates"], results["num_labelled"]) == (300, 40)
    second = [image["index"] for image in results["images"]]
    assert not first & set(second)
    margins = [image["margin"] for image in results["images"]]
    assert margins == sorted(margins) and margins[0] < 0.5
    for image in results["images"]:
        assert image["likeliest"] in "0123456789"
    labelled = [f"--labelled={path}" for path in paths]
    call(select, split, *labelled, f"--output={tmp_path / 'c.json'}")
    third = json.loads((tmp_path / "c.json").read_text())
    assert third["strategy"] == "coverage" and third["num_labelled"] == 47
    assert len({image["index"] for image in third["images"]} | first) == 140


@pytest.mark.slow
def test_fewer_labels_than_asked_for_is_one_line(refuse):
    line = refuse(probe, *FEW, "--num_per_class=90")
    assert "at least 90 labelled images" in line
    line = refuse(label_curve, *FEW, "--labels_per_class=1,90")
    assert "at least 90 labelled images" in line


@pytest.mark.parametrize("value", ["", "0", "1,a", "1.5"])
def test_numbers_of_labels_are_integers(refuse, value):
    line = refuse(label_curve, f"--labels_per_class={value}")
    assert line.endswith(f"Received: {value}")


def test_more_images_than_there_are_is_one_line(refuse):
    line = refuse(select, "--split=train[:30]", "--num_images=31")
    assert line.endswith("no label yet, 30. Received: 31")


def test_a_strategy_of_train_is_one_line(refuse):
    line = refuse(select, "--strategy=mirrored")
    assert line.endswith("random, coverage, margin. Received: mirrored")


def test_margin_without_labels_is_one_line(refuse):
    flags = ("--split=train[:30]", "--num_images=3")
    line = refuse(select, *flags, "--strategy=margin")
    assert "at least two classes" in line and line.endswith("Received: 0")


@pytest.mark.slow
def test_a_data_set_without_labels_is_one_line(tmp_path, refuse):
    programs.store_tiny(tmp_path)
    flags = (f"--data_dir={tmp_path}", "--epochs=1")
    status, workdir = programs.train_tiny(tmp_path / "run", *flags)
    assert status == 0
    with programs.tiny_networks():
        for tool in (probe, label_curve):
            line = refuse(tool, workdir=workdir.path)
            assert "must have labels" in line
        # Choosing needs none.
        flags = (f"--workdir={workdir.path}", "--num_images=5")
        assert programs.start(select, *flags) == 0
    images = json.loads((workdir.path / "selection.json").read_text())
    assert len(images["images"]) == 5
