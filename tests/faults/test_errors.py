"""Bad input: one clear line, a status of its own, nothing written."""

import json
import shutil
import sys

import pytest

from ali_keras.workdir.workdir import Workdir
from export import encode_beam
from export import onnx_file
from export import saved_model
from export import serving
from export import tflite
from tests import programs
from tools import encode
from tools import evaluate
from tools import generate
from tools import interpolate
from tools import reconstruct
from tools import train

TRAIN = "--dataset=mnist_5k --data_dir={data} --workdir={new}"
AGAIN = " ".join((*programs.SMALL, "--epochs=1 --data_dir={data}"))
# Program, its arguments, what the line must say. The names in braces are
# places of the fixture `places`.
CASES = [
    (train, "--dataset=mnits --workdir={new}", "close to it: ['mnist'"),
    (train, "--dataset=mnist/nope --workdir={new}", "Received: mnist/nope"),
    (train, "--workdir={new}", "--dataset must be given"),
    (train, "--dataset=mnist_5k", "--workdir must be given"),
    (
        train,
        "--dataset=mnist --data_dir={missing} --workdir={new}",
        "Received: {missing}",
    ),
    (train, "--dataset=mnist --data_dir={data} --workdir={new}", "--download"),
    (train, f"{TRAIN} --channels=2", "channels must be one of [1, 3]"),
    (train, f"{TRAIN} --ema_decay=1", "ema_decay must be in [0, 1)"),
    (train, f"{TRAIN} --generator_learning_rate=0", "must be above 0"),
    (train, f"{TRAIN} --batch_size=4001", "batch_size must be at most"),
    (train, f"{TRAIN} stray", "Received: stray"),
    (train, f"{TRAIN} --workdir={{file}}/run", "{file}/run"),
    (train, f"{TRAIN} --workdir=/proc/ali_keras", "can be written"),
    (train, f"{AGAIN} --workdir={{run}} --seed=7", "Received: seed=7"),
    (train, f"{AGAIN} --workdir={{broken}}", "{broken}/config.json"),
    (generate, "", "--workdir must be given"),
    (generate, "--workdir={missing}", "{missing}/config.json"),
    (generate, "--workdir={cut}", "not finished"),
    (generate, "--workdir={damaged}", "{damaged}/model.keras"),
    (generate, "--workdir={broken}", "must be a configuration"),
    (generate, "--workdir={run} --output={file}/x.png", "{file}/x.png"),
    (generate, "--workdir={run} stray", "Received: stray"),
    (reconstruct, "--workdir={run} --format=npz", "Received: --format"),
    (reconstruct, "--workdir={run} --output={file}/x.png", "{file}/x.png"),
    (interpolate, "--workdir={run} --format=tfrecord", "Received: --format"),
    (encode, "--workdir={run} --format=png", "one of ['npz', 'tfrecord']"),
    (encode, "--workdir={run} --split=nope", "Received: nope"),
    (encode, "--workdir={run} --split=test[:0]", "Received: test[:0]"),
    (encode, "--workdir={run} --dataset=nope", "Received: nope"),
    (encode, "--workdir={run} --output={file}/x.npz", "{file}/x.npz"),
    (evaluate, "--workdir={cut}", "not finished"),
    (saved_model, "--workdir={run}", "--output must be given"),
    (saved_model, "--workdir={missing} --output={new}", "{missing}"),
    (saved_model, "--workdir={damaged} --output={new}", "model.keras must be"),
    (saved_model, "--workdir={run} --output={file}", "{file}"),
    (tflite, "--output={new}", "--saved_models must be given"),
    (tflite, "--saved_models={missing} --output={new}", "{missing}/encoder"),
    (onnx_file, "--output={new}", "--saved_models must be given"),
    (onnx_file, "--saved_models={missing} --output={new}", "{missing}/encoder"),
    (serving, "--saved_models={missing}", "--output must be given"),
    (serving, "--saved_models={missing} --output={new}", "{missing}/encoder"),
    (encode_beam, "--output={new} --input=x", "--saved_models must be given"),
]
# Refused by absl itself, which prints the flag and its help.
FLAG_CASES = [
    (train, f"{TRAIN} --preset=nope", "--preset=nope"),
    (train, f"{TRAIN} --epochs=0", "--epochs=0"),
    (train, f"{TRAIN} --epochs=many", "--epochs=many"),
    (train, f"{TRAIN} --precision=int8", "--precision=int8"),
    (train, f"{TRAIN} --ema_decay=2", "--ema_decay=2"),
    (train, f"{TRAIN} --nope=1", "'nope'"),
    (generate, "--workdir={run} --num_images=0", "--num_images=0"),
    (generate, "--workdir={run} --format=gif", "--format=gif"),
    (generate, "--workdir={run} --seed=-1", "--seed=-1"),
    (interpolate, "--workdir={run} --steps=1", "--steps=1"),
    (saved_model, "--workdir={run} --version=0", "--version=0"),
]


@pytest.fixture(scope="module")
def places(finished, data_dir, tmp_path_factory):
    """Runs in several states, a file in the way, and paths of nothing."""
    root = tmp_path_factory.mktemp("places")
    runs = ("run", "cut", "damaged", "broken")
    for name in runs:
        shutil.copytree(finished.path, root / name)
    cut = Workdir(root / "cut")
    cut.model.unlink()
    cut.training.unlink()
    halve(cut.checkpoints.newest()[1])
    halve(Workdir(root / "damaged").model)
    (root / "broken" / "config.json").write_text('{"dataset": "mnist_5k"')
    (root / "file").write_text("in the way")
    names = (*runs, "file", "missing", "new")
    return {"root": root, "data": data_dir} | {n: root / n for n in names}


@pytest.fixture(autouse=True)
def nothing_new(places):
    """Takes away what a failing case left, so that the next one starts anew."""
    yield
    shutil.rmtree(places["new"], ignore_errors=True)


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def name(case):
    program, arguments, _ = case
    return f"{program.__name__} {arguments}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_bad_input_is_one_line_and_writes_nothing(case, places, capfd):
    program, arguments, words = case
    before = programs.snapshot(places["root"])
    status = programs.start(program, *arguments.format(**places).split())
    line = programs.error_line(status, capfd.readouterr())
    assert words.format(**places) in line
    assert status == 2
    assert programs.snapshot(places["root"]) == before
    assert not places["new"].exists() and not places["missing"].exists()


@pytest.mark.parametrize("case", FLAG_CASES, ids=name)
def test_absl_names_a_refused_flag(case, places, capfd):
    program, arguments, words = case
    before = programs.snapshot(places["root"])
    status = programs.start(program, *arguments.format(**places).split())
    errors = capfd.readouterr().err
    assert status == 1
    assert words in errors
    assert "Traceback" not in errors
    assert programs.snapshot(places["root"]) == before


# Reads [[module, arguments], ...] and starts one after the other.
DRIVER = """
import importlib, json, sys
from tests import programs
for module, arguments in json.loads(sys.argv[1]):
    status = programs.start(importlib.import_module(module), *arguments)
    print(f"status {status}")
"""


@pytest.mark.slow
def test_a_process_of_their_own_prints_no_traceback(places):
    cases = CASES[::4] + FLAG_CASES[::4]
    starts = [
        (program.__name__, arguments.format(**places).split())
        for program, arguments, _ in cases
    ]
    status, output, errors = programs.run(
        sys.executable, "-c", DRIVER, json.dumps(starts)
    )
    assert status == 0, errors
    assert "Traceback" not in errors
    lines = [x for x in errors.splitlines() if x.startswith("error: ")]
    assert len(lines) == len(CASES[::4])
    statuses = [x for x in output.splitlines() if x.startswith("status ")]
    refused_by_us = len(CASES[::4])
    assert len(statuses) == len(cases)
    assert set(statuses[:refused_by_us]) == {"status 2"}
    assert set(statuses[refused_by_us:]) == {"status 1"}


def test_python_m_ends_with_the_status(places):
    flags = f"{TRAIN} --epochs=1 stray".format(**places).split()
    status, _, errors = programs.run(
        sys.executable, "-m", "tools.train", *flags
    )
    assert status == 2
    assert "Traceback" not in errors
    assert errors.splitlines()[-1] == (
        "error: Arguments must be flags, --name=value. Received: stray"
    )
