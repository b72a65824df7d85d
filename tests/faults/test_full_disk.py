"""Every program that writes, on a full disk: one line, and nothing is left."""

import contextlib
import os
import shutil
import subprocess

import pytest

from ali_keras.workdir.workdir import Workdir
from export import onnx_file
from export import saved_model
from export import serving
from export import tflite
from tests import programs
from tests.faults.test_survival import files_limited_to
from tools import encode
from tools import evaluate
from tools import generate
from tools import interpolate
from tools import reconstruct
from tools import train

SPACE = 4096  # Bytes: less than any of the outputs, more than a message.
TMPFS_SIZE = 64 * 2**20
GENERATE = "--workdir={run} --num_images=600 --output={full}/x"
ENCODE = "--workdir={run} --output={full}/x"
EXPORT = "--saved_models={saved_models} --output={full}/x"
FAST = [
    (generate, f"{GENERATE}.png --format=png"),
    (generate, f"{GENERATE}.npz --format=npz"),
    (generate, f"{GENERATE}.tfrecord --format=tfrecord"),
    (reconstruct, "--workdir={run} --output={full}/x.png"),
    (interpolate, "--workdir={run} --output={full}/x.png"),
    (encode, f"{ENCODE}.npz --format=npz"),
    (encode, f"{ENCODE}.tfrecord --format=tfrecord"),
]
SLOW = [
    (evaluate, "--workdir={full}/run"),
    (train, " ".join((*programs.TINY, "--data_dir={data}", "--epochs=1"))),
    (saved_model, "--workdir={run} --output={full}/x"),
    (tflite, EXPORT),
    (onnx_file, EXPORT),
    (serving, EXPORT),
]
CASES = FAST + [pytest.param(*c, marks=pytest.mark.slow) for c in SLOW]


@pytest.fixture(scope="module")
def places(finished, tmp_path_factory):
    """Paths by the names in braces."""
    root = tmp_path_factory.mktemp("places")
    programs.store_tiny(root / "data")
    return {"run": finished.path, "data": root / "data", "root": root}


@pytest.fixture
def saved_models(request, places):
    """Exports the SavedModels, once, if the program reads them."""
    path = places["root"] / "export"
    arguments = request.getfixturevalue("arguments")
    if "{saved_models}" in arguments and not path.exists():
        flags = (f"--workdir={places['run']}", f"--output={path}")
        assert programs.start(saved_model, *flags) == 0
    return path


@pytest.fixture(params=["limit", "disk"])
def disk(request, tmp_path):
    """A folder, and a context in which nothing more fits into it."""
    if request.param == "limit":
        yield tmp_path, lambda: files_limited_to(SPACE)
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_SIZE}", "tmpfs"]
    if subprocess.run([*mount, tmp_path], capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield tmp_path, lambda: filled(tmp_path)
    finally:
        unmount = ["umount", "--lazy", tmp_path]
        subprocess.run(unmount, check=True)


@contextlib.contextmanager
def filled(folder):
    """Fills a disk up to a few bytes while the body runs."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(2**20))
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(SPACE))
        file.truncate(file.tell() - SPACE)
    try:
        yield
    finally:
        filler.unlink()


@pytest.mark.parametrize(("program", "arguments"), CASES)
def test_a_full_disk_ends_in_a_line_and_leaves_nothing(
    disk, places, saved_models, program, arguments, capfd
):
    full, made_full = disk
    flags = arguments.format(full=full, saved_models=saved_models, **places)
    networks = contextlib.nullcontext()
    if program is evaluate:
        shutil.copytree(places["run"], full / "run")
    if program is train:
        flags += f" --workdir={full}/run"
        networks = programs.tiny_networks()
    before = programs.snapshot(full)
    capfd.readouterr()
    with networks, made_full():
        status = programs.start(program, *flags.split())
    line = programs.error_line(status, capfd.readouterr())
    assert "File too large" in line or "No space left" in line
    if program is train:
        assert not Workdir(full / "run").checkpoints.paths()
        hidden = {p.name for p in full.rglob(".*")}
        assert hidden <= {".lock"}
    else:
        assert programs.snapshot(full) == before
        assert sorted(os.listdir(full)) == sorted(
            {k.split("/")[0] for k in before}
        )
