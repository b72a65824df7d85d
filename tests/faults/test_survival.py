"""What comes from outside: one clear line, and nothing is lost."""

import contextlib
import ctypes
import os
import resource
import shutil
import signal
import sys
from unittest import mock

import pytest
import tensorflow as tf

from ali_keras.data import batches
from ali_keras.data import splits
from ali_keras.workdir.workdir import Workdir
from tests import programs

CAP_DAC_OVERRIDE = 1
PR_CAPBSET_DROP = 24


@pytest.fixture(scope="module")
def tiny_data(tmp_path_factory):
    """Folder of the data set of programs.TINY."""
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory):
    """`Workdir` of a run of two epochs. Leave it as it is."""
    path = tmp_path_factory.mktemp("whole") / "run"
    status, workdir = train(path, tiny_data)
    assert status == 0
    return workdir


@pytest.fixture
def begun(whole, tmp_path):
    """A copy of it, as a kill after the first epoch leaves it."""
    workdir = Workdir(tmp_path / "run")
    shutil.copytree(whole.path, workdir.path)
    for path in (workdir.checkpoints.newest()[1], workdir.model):
        path.unlink()
    workdir.training.unlink()
    return workdir


def train(path, tiny_data, *flags):
    return programs.train_tiny(path, *run_flags(tiny_data), *flags)


def run_flags(tiny_data):
    return f"--data_dir={tiny_data}", "--epochs=2"


@contextlib.contextmanager
def files_limited_to(size):
    """As on a full disk, no file grows beyond a size in the body."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def limit_files():
    """Leaves no file of the process more than what a header takes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))


def drop_override():
    """In a child of root, lets permissions bind it; others they do anyhow."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "file", [pytest.param("checkpoint", marks=pytest.mark.exhaustive), "model"]
)
def test_a_full_disk_loses_nothing(whole, begun, tiny_data, capfd, file):
    # The model's file is larger than a checkpoint.
    size = whole.model.stat().st_size - 1 if file == "model" else 100_000
    kept = programs.snapshot(begun.checkpoints.folder)
    with files_limited_to(size):
        status, _ = train(begun.path, tiny_data)
    captured = capfd.readouterr()
    line = programs.error_line(status, captured)
    assert "with space left" in line and "File too large" in line
    place = begun.model if file == "model" else "step_00000006.weights.h5"
    assert str(place) in line
    assert kept.items() <= programs.snapshot(begun.checkpoints.folder).items()
    assert not list(begun.path.rglob("*/.[0-9]*"))
    assert not begun.model.exists()
    assert train(begun.path, tiny_data)[0] == 0
    assert programs.differences(begun, whole) == []


@pytest.mark.slow
def test_a_full_disk_takes_no_process_with_it(begun, tiny_data):
    # HDF5 on a full disk ends in a crash at exit.
    process = programs.open_train(
        *programs.TINY,
        *run_flags(tiny_data),
        f"--workdir={begun.path}",
        tiny=True,
        preexec_fn=limit_files,
    )
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2, errors
    assert "Traceback" not in errors and "Segmentation" not in errors
    assert errors.splitlines()[-1].startswith("error: ")


@pytest.mark.exhaustive
def test_a_read_only_workdir_is_named(begun, tiny_data):
    folders = [begun.path, *(p for p in begun.path.rglob("*") if p.is_dir())]
    for path in begun.path.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    for folder in folders:
        folder.chmod(0o555)
    before = programs.snapshot(begun.path)
    process = programs.open_train(
        *programs.TINY,
        *run_flags(tiny_data),
        f"--workdir={begun.path}",
        tiny=True,
        preexec_fn=drop_override,
    )
    _, errors = process.communicate(timeout=300)
    for folder in folders:
        folder.chmod(0o755)
    assert process.returncode == 2, errors
    assert "Traceback" not in errors
    assert f"Received: {begun.path}/.lock (Permission denied)" in errors
    assert programs.snapshot(begun.path) == before


HOLDER = """
import fcntl, os, sys, time
lock = open(sys.argv[1], "ab+", buffering=0)
fcntl.flock(lock, fcntl.LOCK_EX)
lock.truncate(0)
lock.write(str(os.getpid()).encode())
print("locked", flush=True)
time.sleep(600)
"""


def test_the_lock_names_its_holder_and_dies_with_it(
    begun, whole, tiny_data, capfd
):
    before = programs.snapshot(begun.path)
    lock = begun.path / ".lock"
    with programs.popen(sys.executable, "-c", HOLDER, lock) as holder:
        assert holder.stdout.readline() == "locked\n"
        status, _ = train(begun.path, tiny_data)
        line = programs.error_line(status, capfd.readouterr())
        assert line.endswith(
            f"Received: {begun.path}, in use by process {holder.pid}"
        )
        assert status == 2
        after = programs.snapshot(begun.path)
        assert {**after, ".lock": None} == {**before, ".lock": None}
        holder.send_signal(signal.SIGKILL)
    assert train(begun.path, tiny_data)[0] == 0
    assert programs.differences(begun, whole) == []


def test_a_training_holds_the_lock(tmp_path, tiny_data, capfd):
    path = tmp_path / "run"
    statuses = []
    original = batches.training_batches

    def second(*args):
        if not statuses:
            statuses.append(None)  # The second must not start a third.
            statuses[0], _ = train(path, tiny_data)
        return original(*args)

    with mock.patch.object(batches, "training_batches", second):
        assert train(path, tiny_data)[0] == 0
    assert statuses == [2]
    assert f"in use by process {os.getpid()}" in capfd.readouterr().err


def test_a_folder_taken_meanwhile_is_not_another_s(tmp_path, tiny_data, capfd):
    # Both see a free folder; one is through before the other takes the lock.
    path = tmp_path / "run"
    original = splits.describe_images
    first = mock.Mock(side_effect=[train])

    def describe(*args, **kwargs):
        if first.call_count == 0:
            assert first()(path, tiny_data, "--seed=0")[0] == 0
        return original(*args, **kwargs)

    with mock.patch.object(splits, "describe_images", describe):
        status, _ = train(path, tiny_data, "--seed=1")
    line = programs.error_line(status, capfd.readouterr())
    assert line.endswith("has seed=0. Received: seed=1")


def test_a_checkpoints_folder_that_is_a_file(tmp_path, tiny_data, capfd):
    (tmp_path / "run").mkdir()
    blocked = tmp_path / "run" / "checkpoints"
    blocked.write_text("in the way")
    status, workdir = train(tmp_path / "run", tiny_data)
    line = programs.error_line(status, capfd.readouterr())
    assert f"Received: {blocked}/step_" in line
    assert blocked.read_text() == "in the way"
    assert not workdir.model.exists()


@pytest.mark.slow
def test_hidden_files_of_a_kill_are_removed_and_no_others(begun, tiny_data):
    left = [
        begun.path / ".123.model.keras",
        begun.path / ".9.history.json",
        begun.checkpoints.folder / ".77.step_00000006.weights.h5",
    ]
    others = [
        begun.path / ".notes",
        begun.path / "123.model.keras",
        begun.checkpoints.folder / ".keep.me",
    ]
    for path in left + others:
        path.write_text("half")
    (begun.path / ".5.folder").mkdir()
    assert train(begun.path, tiny_data)[0] == 0
    assert not any(path.exists() for path in left)
    assert all(path.read_text() == "half" for path in others)
    assert (begun.path / ".5.folder").is_dir()


def spoiled(tiny_data, tmp_path, spoil):
    """Copies the data set with the training split's records spoiled."""
    folder = tmp_path / "spoiled"
    shutil.copytree(tiny_data, folder)
    (path,) = folder.rglob("*train.tfrecord*")
    spoil(path)
    return folder


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def break_an_image(path):
    records = [r.numpy() for r in tf.data.TFRecordDataset(str(path))]
    example = tf.train.Example.FromString(records[5])
    image = example.features.feature["image"].bytes_list
    image.value[0] = image.value[0][:40]
    records[5] = example.SerializeToString()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


@pytest.mark.parametrize("spoil", [flip_a_byte, break_an_image])
def test_spoiled_data_is_named(tmp_path, tiny_data, capfd, spoil):
    folder = spoiled(tiny_data, tmp_path, spoil)
    status, workdir = train(tmp_path / "run", folder)
    line = programs.error_line(status, capfd.readouterr())
    assert f"{folder}/tiny" in line and "split train" in line
    assert status == 2
    assert not workdir.path.exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--batch_size=65"], "number of training images, 64. Received: 65"),
        (
            ["--num_virtual_devices=4", "--batch_size=6"],
            "divisible by the number of replicas, 4. Received: 6",
        ),
    ],
)
def test_batches_that_do_not_fit(tmp_path, tiny_data, capfd, flags, words):
    status, workdir = train(tmp_path / "run", tiny_data, *flags)
    assert words in programs.error_line(status, capfd.readouterr())
    assert status == 2
    assert not workdir.path.exists()
