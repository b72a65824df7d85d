"""Runs with labelled images: their file, resuming, and what is refused."""

import json
import shutil

import numpy as np
import pytest

from ali_keras.data.sources import open_dataset
from ali_keras.data.splits import load_arrays
from ali_keras.workdir.workdir import Workdir
from tests import programs
from tests.data import folders
from tools import evaluate
from tools import train

CLASSES = (
    "--discriminator_classes=2",
    "--num_labels=10",
    "--labelled_batch_size=4",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folder of `tiny`, of two classes, and of `plain`, without labels."""
    folder = tmp_path_factory.mktemp("data")
    sizes, shape = {"train": 64, "test": 8}, (4, 4, 1)
    programs.store_dataset(folder, "tiny", sizes, shape)
    programs.store_dataset(folder, "plain", sizes, shape, label=False)
    return folder


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """`Workdir` of a run of two epochs. Leave it as it is."""
    path = tmp_path_factory.mktemp("whole") / "run"
    flags = (f"--data_dir={data}", *CLASSES, "--epochs=2")
    status, workdir = programs.train_tiny(path, *flags)
    assert status == 0
    return workdir


def test_the_workdir_says_which_images_were_labelled(data, whole):
    said = json.loads(whole.labelled_images.read_text())
    assert said["split"] == "train"
    assert np.bincount(said["labels"]).tolist() == [5, 5]
    builder = open_dataset("tiny", str(data))
    _, labels = load_arrays(builder, said["split"], 4, 1)
    np.testing.assert_array_equal(labels[said["indices"]], said["labels"])
    assert said["label_names"] == ["0", "1"]


def test_the_history_has_the_error_of_the_labelled_images(whole):
    history = json.loads(whole.history.read_text())
    assert len(history["classification_error"]) == 2
    assert all(0 <= error <= 1 for error in history["classification_error"])


@pytest.mark.slow
def test_a_run_that_was_cut_short_goes_on_to_the_bit(data, whole, tmp_path):
    flags = (f"--data_dir={data}", *CLASSES)
    programs.train_tiny(tmp_path / "run", *flags, "--epochs=1")
    status, again = programs.train_tiny(tmp_path / "run", *flags, "--epochs=2")
    assert status == 0
    assert programs.differences(again, whole) == []
    names = programs.saved_variables(again.model)
    assert any(name.startswith("discriminator_ema/") for name in names)


def test_a_checkpoint_is_read_and_evaluated(whole, tmp_path, capsys):
    path = shutil.copytree(whole.path, tmp_path / "run")
    flags = (f"--workdir={path}", "--checkpoint=latest")
    with programs.tiny_networks():
        assert programs.start(evaluate, *flags) == 0
        model, _ = Workdir(path).load("latest")
    assert model.discriminator_classes == 2
    assert "error of the discriminator's classes" in capsys.readouterr().out
    [written] = path.glob("metrics_step_*.json")
    errors = json.loads(written.read_text())["classification_error"]
    assert errors.keys() == {"z_mean", "z_sampled"}


def test_files_say_which_images_are_labelled(data, tmp_path):
    (tmp_path / "round1.csv").write_text("index,label\n3,1\n5,0\n")
    (tmp_path / "round2.json").write_text("[0]")
    paths = f"{tmp_path}/round1.csv,{tmp_path}/round2.json"
    flags = (f"--data_dir={data}", *CLASSES, f"--labelled_images={paths}")
    status, run = programs.train_tiny(tmp_path / "run", *flags, "--epochs=1")
    assert status == 0
    said = json.loads((run.path / "labelled_images.json").read_text())
    assert said["indices"] == [0, 3, 5]
    assert said["labels"][1:] == [1, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("index\n", "with 0 images"),
        ("index\n9999\n", "index of a labelled image must be 0 to"),
        ("index,split\n1,test\n", "must be of the split train"),
        ("index,label\n1,7\n", "label must be a class"),
    ],
)
def test_wrong_files_of_labelled_images_are_refused(
    data, tmp_path, capfd, text, words
):
    (tmp_path / "x.csv").write_text(text)
    flag = f"--labelled_images={tmp_path}/x.csv"
    flags = (f"--data_dir={data}", *CLASSES, flag, "--epochs=1")
    assert words in refused(tmp_path / "run", capfd, *flags)


def test_the_files_of_a_folder_are_named(tmp_path):
    folder = tmp_path / "images"
    folders.fill(folder, 60, ("a", "b"))
    flags = (f"--dataset=folder:{folder}", "--preset=mnist", "--epochs=1")
    flags += ("--batch_size=8", "--steps_per_epoch=1", "--precision=float32")
    with programs.tiny_networks():
        path = f"--workdir={tmp_path / 'run'}"
        assert programs.start(train, *flags, *CLASSES, path) == 0
    said = json.loads((tmp_path / "run/labelled_images.json").read_text())
    assert len(said["files"]) == len(set(said["files"])) == 10
    assert all((folder / name).is_file() for name in said["files"])
    for name, label in zip(said["files"], said["labels"], strict=True):
        assert name.startswith("ab"[label])


def refused(path, capfd, *flags):
    """The line with which a training is refused, and nothing is written."""
    status, _ = programs.train_tiny(path, *flags)
    assert status == 2
    return programs.error_line(status, capfd.readouterr())


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--num_labels=5",), "num_labels must go with discriminator_classes"),
        (("--labelled_batch_size=5",), "labelled_batch_size must go with"),
        (("--discriminator_classes=1",), "must be 0 or at least 2"),
        (
            ("--discriminator_classes=3",),
            "number of the data set's classes, 2. Received: 3, for tiny",
        ),
        (
            ("--discriminator_classes=2", "--num_labels=1"),
            "at least the number of classes, 2. Received: 1",
        ),
        (
            ("--discriminator_classes=2", "--num_labels=66"),
            "66 are 33 of class 0. Received: 32",
        ),
        (
            ("--discriminator_classes=2", "--dataset=plain"),
            "must have labels for discriminator_classes. Received: plain",
        ),
        (
            ("--discriminator_classes=2", "--nojoint"),
            "joint must be true with discriminator_classes",
        ),
        (
            (
                *CLASSES[:2],
                "--labelled_batch_size=3",
                "--num_virtual_devices=4",
            ),
            "labelled_batch_size must be divisible by",
        ),
    ],
)
def test_bad_settings_are_one_line(data, tmp_path, capfd, flags, words):
    data_dir = f"--data_dir={data}"
    assert words in refused(tmp_path / "run", capfd, data_dir, *flags)
    assert not (tmp_path / "run").exists()


def test_other_labelled_images_are_refused(data, whole, tmp_path, capfd):
    path = shutil.copytree(whole.path, tmp_path / "run")
    file = path / "labelled_images.json"
    said = json.loads(file.read_text())
    said["indices"][0] += 1
    file.write_text(json.dumps(said))
    flags = (f"--data_dir={data}", *CLASSES, "--epochs=3")
    assert "must be the same" in refused(path, capfd, *flags)
    assert json.loads(file.read_text()) == said


def test_another_number_of_labels_is_another_run(data, whole, capfd):
    before = programs.snapshot(whole.path)
    flags = (f"--data_dir={data}", *CLASSES, "--epochs=3", "--num_labels=12")
    assert "Received: num_labels=12" in refused(whole.path, capfd, *flags)
    assert programs.snapshot(whole.path) == before
