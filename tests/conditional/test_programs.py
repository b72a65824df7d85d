"""Programs with conditional runs: what they write, what they refuse."""

import json
import re

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras.data.image_folder import ImageFolder
from ali_keras.data.preprocessing import to_float
from ali_keras.data.splits import load_held_out
from tests import programs
from tools import encode
from tools import evaluate
from tools import generate
from tools import interpolate
from tools import reconstruct
from tools import train

CONDITIONAL = "--conditional=labels"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folder of data sets: with labels, without, with one missing."""
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    sizes, shape = {"train": 16, "test": 8}, (4, 4, 1)
    programs.store_dataset(folder, "tiny_labelled", sizes, shape)
    programs.store_dataset(folder, "tiny_more", {"train": 64, "test": 8}, shape)
    features = {
        "image": tfds.features.Image(shape=shape),
        "label": tfds.features.ClassLabel(num_classes=2),
        "attributes": tfds.features.Tensor(shape=(3,), dtype=np.float32),
    }
    rng = np.random.default_rng(0)
    splits = {
        split: tf.data.Dataset.from_tensor_slices(
            {
                "image": rng.integers(0, 256, (16, *shape), np.uint8),
                "label": np.where(np.arange(16) == 3, -1, 1),
                "attributes": rng.random((16, 3), np.float32),
            }
        )
        for split in ("train", "test")
    }
    programs.store_splits(folder, "tiny_gap", features, splits)
    return folder


def start_training(data, path, dataset, *flags):
    return programs.train_tiny(
        path, f"--data_dir={data}", f"--dataset={dataset}", "--epochs=2", *flags
    )


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """`Workdir` of a finished conditional training of six steps."""
    path = tmp_path_factory.mktemp("runs") / "run"
    status, workdir = start_training(data, path, "tiny_more", CONDITIONAL)
    assert status == 0
    return workdir


@pytest.fixture(scope="module")
def plain(data, tmp_path_factory):
    """`Workdir` of a finished unconditional training."""
    path = tmp_path_factory.mktemp("runs") / "plain"
    status, workdir = start_training(data, path, "tiny_more")
    assert status == 0
    return workdir


def start(program, workdir, *flags):
    with programs.tiny_networks():
        return programs.start(program, f"--workdir={workdir.path}", *flags)


def size_of(picture):
    return tf.io.decode_png(picture.read_bytes()).shape[:2]


def test_the_run_records_its_classes_and_draws_one_a_column(run):
    config = json.loads(run.config.read_text())
    assert (config["conditional"], config["label_dim"]) == ("labels", 2)
    assert size_of(run.path / "samples.png") == (120, 24)


def test_the_same_command_finds_the_run_finished(data, run, capsys):
    status, _ = start_training(data, run.path, "tiny_more", CONDITIONAL)
    assert status == 0
    assert "is finished" in capsys.readouterr().out


def test_a_run_cannot_become_unconditional(data, run, capsys):
    status, _ = start_training(data, run.path, "tiny_more")
    line = programs.error_line(status, capsys.readouterr())
    assert "conditional=labels. Received: conditional=none" in line


@pytest.mark.exhaustive
def test_interrupted_after_an_epoch_it_goes_on_to_the_bit(data, run, tmp_path):
    flags = ("tiny_more", CONDITIONAL, "--checkpoint_every_steps=1")
    status, half = start_training(data, tmp_path / "a", *flags, "--epochs=1")
    assert status == 0
    status, half = start_training(data, tmp_path / "a", *flags)
    assert status == 0
    assert not programs.differences(run, half)


@pytest.mark.parametrize(
    ("dataset", "kind", "message"),
    [
        ("tiny", "labels", "have labels, a feature 'label' of classes"),
        ("tiny_gap", "labels", "train, where 1 of 16 have none .* as -1$"),
        ("tiny", "attributes", "a feature 'attributes', a vector"),
    ],
)
def test_data_without_what_is_told_are_one_line(
    dataset, kind, message, data, tmp_path, capsys
):
    status, workdir = start_training(
        data, tmp_path / "run", dataset, f"--conditional={kind}"
    )
    line = programs.error_line(status, capsys.readouterr())
    assert re.search(message, line), line
    assert not workdir.model.exists()


@pytest.mark.slow
def test_attributes_train_and_are_encoded(data, tmp_path):
    status, workdir = start_training(
        data, tmp_path / "run", "tiny_gap", "--conditional=attributes"
    )
    assert status == 0
    assert start(encode, workdir, f"--output={tmp_path}/codes.npz") == 0
    codes = np.load(tmp_path / "codes.npz")
    assert codes["attributes"].shape == (16, 3)
    assert start(reconstruct, workdir) == 0


def test_grids_have_one_class_a_column(run, tmp_path):
    path = tmp_path / "grid.png"
    flags = (f"--output={path}", "--num_images=6")
    assert start(generate, run, "--labels=1,0,1", *flags) == 0
    assert size_of(path) == (24, 36)
    assert start(generate, run, "--vary_labels", *flags) == 0
    assert size_of(path) == (36, 24)


def test_varied_labels_share_the_z_of_a_row(run, tmp_path):
    path = tmp_path / "varied.png"
    flags = ("--vary_labels", "--num_images=4", "--labels=1,1")
    assert start(generate, run, f"--output={path}", *flags) == 0
    picture = tf.io.decode_png(path.read_bytes()).numpy()
    np.testing.assert_array_equal(picture[:, :12], picture[:, 12:])


def test_counts_give_a_folder_that_trains(run, data, tmp_path):
    folder = tmp_path / "drawn"
    flags = ("--label_counts=1:30,0:25", f"--output={folder}")
    assert start(generate, run, *flags) == 0
    counts = {p.name: len(list(p.iterdir())) for p in folder.iterdir()}
    assert counts == {"0": 25, "1": 30}
    read = ImageFolder(folder)
    assert read.info.features["label"].names == ["0", "1"]
    status, workdir = start_training(
        data, tmp_path / "run", f"folder:{folder}", CONDITIONAL
    )
    assert status == 0
    assert json.loads(workdir.config.read_text())["label_dim"] == 2


def test_arrays_bear_their_labels(run, tmp_path):
    path = tmp_path / "drawn.npz"
    flags = ("--label_counts=1:3,0:2", f"--output={path}")
    assert start(generate, run, *flags) == 0
    drawn = np.load(path)
    assert drawn["label"].tolist() == [1, 1, 1, 0, 0]
    with programs.tiny_networks():
        model, _ = run.load()
    expected = model.generate(5, labels=[1, 1, 1, 0, 0]).numpy()
    np.testing.assert_allclose(drawn["image"] / 255, expected, atol=0.5 / 255)


@pytest.mark.slow
def test_other_programs_run_with_their_labels(run, tmp_path):
    picture = f"--output={tmp_path}/picture.png"
    assert start(reconstruct, run, "--relabel=1", picture) == 0
    assert start(interpolate, run, "--num_rows=2", picture) == 0
    assert start(encode, run, f"--output={tmp_path}/codes.npz") == 0
    codes = np.load(tmp_path / "codes.npz")
    with programs.tiny_networks():
        model, config = run.load()
        images, labels = load_held_out(config)
    assert codes["label"].tolist() == labels.tolist()
    expected = model.encode(to_float(images), labels)
    np.testing.assert_allclose(codes["z_mean"], expected, atol=1e-6)
    assert start(evaluate, run) == 0
    metrics = json.loads(run.metrics.read_text())
    assert 0 <= metrics["sample_label_accuracy"] <= 1
    assert set(metrics["sample_spread"]) == {"0", "1"}
    assert "between_class_variance" in metrics
    assert "nearest_neighbour_accuracy" not in metrics  # Told the label.


@pytest.mark.parametrize(
    ("program", "flags", "message"),
    [
        (generate, ["--labels=2"], "classes, 0 to 1. Received: 2"),
        (generate, ["--labels=x"], "--labels must be numbers of classes"),
        (generate, ["--label_counts=1:0"], "must be CLASS:COUNT"),
        (generate, ["--label_counts=1:2,1:3"], "for different classes"),
        (generate, ["--label_counts=1:2", "--vary_labels"], "without --labels"),
        (generate, ["--vary_labels", "--format=npz"], "be drawn as png"),
        (reconstruct, ["--relabel=9"], "classes, 0 to 1. Received: 9"),
    ],
)
def test_bad_classes_are_one_line(program, flags, message, run, capsys):
    status = start(program, run, *flags)
    assert message in programs.error_line(status, capsys.readouterr())


@pytest.mark.parametrize(
    ("program", "flags"),
    [
        (generate, ["--labels=0"]),
        (generate, ["--label_counts=0:3"]),
        (generate, ["--vary_labels"]),
        (generate, ["--format=folder"]),
        (reconstruct, ["--relabel=1"]),
    ],
)
def test_an_unconditional_run_has_no_classes(program, flags, plain, capsys):
    status = start(program, plain, *flags)
    line = programs.error_line(status, capsys.readouterr())
    assert "--conditional=labels" in line


def test_a_folder_that_holds_something_stays_as_it_is(run, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    flags = ("--label_counts=1:3", f"--output={tmp_path}")
    status = start(generate, run, *flags)
    line = programs.error_line(status, capsys.readouterr())
    assert "a new folder, or an empty one" in line
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_another_data_set_must_have_the_labels(run, data, capsys):
    status = start(encode, run, "--dataset=tiny")
    line = programs.error_line(status, capsys.readouterr())
    assert "labels of a conditional model must be given" in line


def test_a_dry_run_asks_the_data_set(data, capsys):
    flags = (f"--data_dir={data}", "--dataset=tiny_more", "--dry_run")
    with programs.tiny_networks():
        status = programs.start(train, *programs.TINY, CONDITIONAL, *flags)
    assert status == 0
    assert "decoder_label_embedding" in capsys.readouterr().out
