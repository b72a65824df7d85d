"""Paths, names and files that nobody should give, and some day somebody does.

One line, a status of its own, nothing written.
"""

import json
import os
import shutil

import keras
import pytest

from ali_keras.workdir.workdir import Workdir
from export import saved_model
from tests import programs
from tools import encode
from tools import evaluate
from tools import generate
from tools import interpolate
from tools import reconstruct
from tools import train

NOT_UTF8 = os.fsdecode(b"run\xff")
AGREE = "--format and the ending of --output must agree"
# Program, its flags, what the line must say.
CASES = [
    *(
        (tool, [f"--output={path}"], "can be written")
        for tool in (generate, encode)
        for path in ("/", ".", "..", "{root}")
    ),
    (generate, ["--output={root}/run/config.json/x"], "can be written"),
    (generate, ["--output=x.jpg"], "The ending of --output must be one of"),
    (reconstruct, ["--output=x.npz"], "must be one of ['png']. Received: npz"),
    (encode, ["--output=x.PNG"], "must be one of ['npz', 'tfrecord']"),
    (generate, ["--output=x.png", "--format=npz"], AGREE),
    (generate, ["--output=x.csv", "--format=npz"], AGREE),
    (encode, ["--output=x.npz", "--format=tfrecord"], AGREE),
    (generate, [f"--output={NOT_UTF8}/x.png"], r"--output=run\udcff/x.png"),
    (encode, ["--split=a\0b"], r"--split=a\x00b"),
    (saved_model, ["--output=a\0b"], "without zero bytes"),
    (train, ["--dataset=" + NOT_UTF8], r"--dataset=run\udcff"),
    (train, [f"--dataset=mnist_5k --workdir={NOT_UTF8}"], "UTF-8"),
]
FLAGS = [
    (generate, "--seed"),
    (generate, "--num_images"),
    (interpolate, "--steps"),
    (reconstruct, "--num_pairs"),
    (saved_model, "--version"),
    (train, "--latent_dim"),
    (train, "--epochs"),
    (train, "--keep_checkpoints"),
]
DEEP = "[" * 100_000
RECORDS = [
    "{}",
    "[]",
    "3",
    DEEP,
    '{"epochs": "1"}',
    '{"epochs": 1, "labels":3}',
]


@pytest.fixture(scope="module")
def root(finished, tmp_path_factory):
    """Folder of a finished run. Leave it as it is."""
    folder = tmp_path_factory.mktemp("root")
    shutil.copytree(finished.path, folder / "run")
    return folder


@pytest.fixture
def copy(finished, tmp_path):
    shutil.copytree(finished.path, tmp_path / "copy")
    return Workdir(tmp_path / "copy")


def name(case):
    program, flags, _ = case
    return ascii(f"{program.__name__} {' '.join(flags)}")


@pytest.mark.parametrize("case", CASES, ids=name)
def test_it_is_one_line_and_writes_nothing(case, root, monkeypatch, capfd):
    program, flags, words = case
    monkeypatch.chdir(root)
    before = programs.snapshot(root)
    flags = [flag.format(root=root) for flag in flags]
    status = programs.start(program, "--workdir=run", *flags)
    assert words in programs.error_line(status, capfd.readouterr())
    assert status == 2
    assert programs.snapshot(root) == before


@pytest.mark.parametrize("number", [2**70, "9" * 5000, f"0x{'f' * 5000}"])
@pytest.mark.parametrize(("program", "flag"), FLAGS)
def test_an_integer_that_is_too_large(root, capfd, program, flag, number):
    status = programs.start(
        program, f"--workdir={root}/run", f"{flag}={number}"
    )
    errors = capfd.readouterr().err
    assert status == 1
    assert flag.strip("-") in errors and "Traceback" not in errors


@pytest.mark.parametrize("text", RECORDS)
def test_a_record_that_is_none(copy, capfd, text):
    copy.training.write_text(text)
    status = programs.start(generate, f"--workdir={copy.path}")
    assert str(copy.training) in programs.error_line(status, capfd.readouterr())


@pytest.mark.parametrize("text", [DEEP, DEEP.replace("[", '{"a":')])
def test_a_configuration_without_end(copy, capfd, text):
    copy.config.write_text(text)
    status = programs.start(generate, f"--workdir={copy.path}")
    line = programs.error_line(status, capfd.readouterr())
    assert f"{copy.config} (maximum recursion" in line


def test_a_configuration_that_was_edited(copy, capfd):
    values = json.loads(copy.config.read_text())
    copy.config.write_text(json.dumps({**values, "latent_dim": 31}))
    before = programs.snapshot(copy.path)
    for program in (generate, evaluate, saved_model):
        status = programs.start(
            program,
            f"--workdir={copy.path}",
            *([f"--output={copy.path}/export"] * (program is saved_model)),
        )
        line = programs.error_line(status, capfd.readouterr())
        assert "has latent_dim=31, and model.keras has latent_dim=32" in line
    assert programs.snapshot(copy.path) == before


def test_a_model_that_is_another_s(copy, capfd):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.save(copy.model)
    for program in (generate, encode, saved_model):
        status = programs.start(
            program, f"--workdir={copy.path}", f"--output={copy.path}/x"
        )
        line = programs.error_line(status, capfd.readouterr())
        assert line.endswith(f"Received: {copy.model}, a Sequential")


@pytest.mark.parametrize(
    ("program", "ending", "start"),
    [
        (generate, "x.npz", b"PK"),
        (generate, "x.PNG", b"\x89PNG"),
        (generate, "x", b"\x89PNG"),
        (generate, "x.v2", b"\x89PNG"),
        (encode, "x", b"PK"),
    ],
)
def test_the_ending_says_the_format(finished, tmp_path, program, ending, start):
    path = tmp_path / ending
    status = programs.start(
        program, f"--workdir={finished.path}", f"--output={path}"
    )
    assert status == 0
    assert path.read_bytes().startswith(start)
