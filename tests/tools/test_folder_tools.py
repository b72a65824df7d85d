"""Training on a folder, and the tools that read it again."""

import csv

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras.config import Config
from tests import programs
from tests.data.folders import fill
from tests.data.folders import write
from tools import encode
from tools import evaluate
from tools import reconstruct
from tools import select
from tools import train


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Training on a folder with a bad image; its folder and `Workdir`."""
    folder = tmp_path_factory.mktemp("faces")
    fill(folder, classes=("a", "b"), shape=(4, 4, 1)[:2])
    write(folder / "a" / "bad.png", b"")
    workdir = tmp_path_factory.mktemp("trained")
    with programs.tiny_networks():
        config = Config.from_preset(
            "mnist",
            dataset=f"folder:{folder}",
            batch_size=8,
            epochs=1,
            steps_per_epoch=2,
        )
        execution = ali_keras.Execution(skip_bad_images=True)
        ali_keras.train(config, workdir, execution)
    return folder, workdir


@pytest.fixture
def tiny_networks():
    with programs.tiny_networks():
        yield


@pytest.mark.slow
def test_training_stops_at_a_bad_image(trained, tmp_path, capsys):
    folder, _ = trained
    flags = [*programs.TINY[1:], f"--dataset=folder:{folder}", "--epochs=1"]
    status = programs.start(train, *flags, f"--workdir={tmp_path}/run")
    line = programs.error_line(status, capsys.readouterr())
    assert str(folder / "a" / "bad.png") in line
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_flag_skips_bad_images(trained, tmp_path, capsys):
    folder, _ = trained
    flags = ["--epochs=1", f"--dataset=folder:{folder}", "--skip_bad_images"]
    status, workdir = programs.train_tiny(tmp_path / "run", *flags)
    assert status == 0
    assert "images that cannot be read, skipped: 1" in capsys.readouterr().out
    assert workdir.model.exists()


def test_tools_skip_what_the_training_skipped(
    trained, tiny_networks, tmp_path, caplog
):
    folder, workdir = trained
    path = tmp_path / "codes.npz"
    flags = [f"--workdir={workdir}", f"--output={path}", "--split=train+test"]
    assert programs.start(encode, *flags) == 0
    assert "images that cannot be read, skipped: 1" in caplog.text
    with np.load(path) as pack:
        codes = dict(pack)
    files = {str(x.relative_to(folder)) for x in folder.rglob("*.png")}
    assert {x.decode() for x in codes["file"]} == files - {"a/bad.png"}
    starts = [b"ab".index(x[:1]) for x in codes["file"].tolist()]
    assert codes["label"].tolist() == starts


@pytest.mark.parametrize("tool", [evaluate, reconstruct])
def test_tools_read_the_folder_again(trained, tiny_networks, tool):
    _, workdir = trained
    assert programs.start(tool, f"--workdir={workdir}") == 0


def test_codes_of_files_are_examples_too(trained, tiny_networks, tmp_path):
    _, workdir = trained
    path = tmp_path / "codes.tfrecord"
    flags = [f"--workdir={workdir}", f"--output={path}", "--format=tfrecord"]
    assert programs.start(encode, *flags) == 0
    (record,) = tf.data.TFRecordDataset(str(path)).take(1)
    features = tf.train.Example.FromString(record.numpy()).features.feature
    assert features["file"].bytes_list.value[0].endswith(b".png")


def test_images_to_label_are_files(trained, tiny_networks, tmp_path):
    folder, workdir = trained
    rounds = [tmp_path / "first.csv", tmp_path / "second.csv"]
    flags = [f"--workdir={workdir}", "--num_images=12"]
    assert programs.start(select, *flags, f"--output={rounds[0]}") == 0
    more = [f"--labelled={rounds[0]}", "--strategy=margin"]
    assert programs.start(select, *flags, *more, f"--output={rounds[1]}") == 0
    tables = [
        list(csv.DictReader(path.read_text().splitlines())) for path in rounds
    ]
    first, second = ({row["file"] for row in table} for table in tables)
    assert len(first) == len(second) == 12 and not first & second
    assert all((folder / name).is_file() for name in first | second)
    assert {row["likeliest"] for row in tables[1]} <= {"a", "b"}
