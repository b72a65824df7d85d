"""Several workers, as processes of this machine, train what one trains."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from ali_keras.workdir.workdir import Workdir
from tests import programs
from tests import tiny
from tests.distribution import worker
from tools import launch

WORKER = (sys.executable, "-m", "tests.distribution.worker")
# Workers share two cores with each other and with other tests.
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
LIMIT = 60  # Seconds within which all must miss a lost worker.


@contextlib.contextmanager
def opened(number, folder, *command):
    """Opens workers, whose output goes to files, and ends them at last."""
    addresses = [f"127.0.0.1:{port}" for port in launch.free_ports(number)]
    with contextlib.ExitStack() as stack:
        workers = []
        for index in range(number):
            tf_config = launch.tf_config(addresses, index)
            workers.append(
                subprocess.Popen(
                    list(map(str, command)),
                    cwd=programs.CHECKOUT,
                    env={**os.environ, **ENVIRONMENT, "TF_CONFIG": tf_config},
                    stdout=subprocess.DEVNULL,
                    stderr=stack.enter_context(log(folder, index).open("w")),
                )
            )
            stack.callback(workers[-1].wait)
            stack.callback(workers[-1].kill)
        yield workers


def log(folder, index):
    return folder / f"worker_{index}.log"


def run(number, folder, *arguments):
    """Runs workers to the end; returns their statuses and what they say."""
    with opened(number, folder, *WORKER, *arguments) as workers:
        statuses = [process.wait(timeout=300) for process in workers]
    return statuses, [log(folder, i).read_text() for i in range(number)]


def wait_for_files(folder, pattern, number, workers):
    """Returns when there are so many files, before any worker ends."""
    while len(list(folder.glob(pattern))) < number:
        assert all(process.poll() is None for process in workers)
        time.sleep(0.1)


def trained(number, folder, *arguments):
    """What each of some workers left after a training."""
    statuses, logs = run(number, folder, "train", folder, *arguments)
    assert statuses == [0] * number, logs
    return [np.load(folder / f"worker_{index}.npz") for index in range(number)]


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    return trained(2, tmp_path_factory.mktemp("two_workers"))


def part(result, name):
    return {k: v for k, v in result.items() if k.startswith(f"{name}/")}


def check_that_all_equal_one(results):
    """Weights: the same bytes on all workers, and those of one replica."""
    first, *others = [part(result, "weight") for result in results]
    for other in others:
        assert {k: v.tobytes() for k, v in first.items()} == {
            k: v.tobytes() for k, v in other.items()
        }
    model, figures = worker.trained(tf.distribute.get_strategy())
    alone = {f"weight/{k}": v for k, v in tiny.values(model).items()}
    assert first["weight/step"] == alone["weight/step"] == worker.STEPS
    assert tiny.distance(weights(alone), weights(first)) < 1e-5
    start = tiny.model(worker.OBJECTIVE, ema_decay=0.2)
    before = {f"weight/{k}": v for k, v in tiny.values(start).items()}
    assert tiny.distance(weights(before), weights(alone)) > 1e-3
    for name, figure in figures.items():
        for result in results:
            assert result[f"figure/{name}"] == pytest.approx(figure, rel=1e-4)


def weights(values):
    """All weights but the optimizers', as one vector."""
    return np.concatenate(
        [
            value.ravel().astype("f8")
            for name, value in sorted(values.items())
            if "optimizer" not in name and name != "weight/step"
        ]
    )


def check_that_no_image_is_seen_twice(results):
    seen = np.concatenate([result["seen"] for result in results])
    assert sorted(seen) == list(range(worker.BATCH_SIZE * worker.STEPS))


@pytest.mark.slow
def test_two_workers_train_what_one_trains(two_workers):
    check_that_all_equal_one(two_workers)


def test_no_image_is_seen_twice_in_an_epoch(two_workers):
    check_that_no_image_is_seen_twice(two_workers)


def test_one_worker_is_the_chief(two_workers):
    assert [bool(result["chief"]) for result in two_workers] == [True, False]
    for result in two_workers:
        assert str(result["description"]) == "2 replicas on 2 workers"


@pytest.mark.slow
def test_only_the_chief_writes(tmp_path, data_dir):
    # Another worker would fail: see tests.distribution.worker.
    statuses, logs = run(2, tmp_path, "train_in_workdir", tmp_path, data_dir)
    assert statuses == [0, 0], logs
    assert Workdir(tmp_path / "run").training.exists()
    assert len(list((tmp_path / "run").rglob("events.out.*"))) == 1


@pytest.mark.exhaustive
def test_workers_with_two_devices_each(tmp_path):
    results = trained(2, tmp_path, 2)
    check_that_all_equal_one(results)
    check_that_no_image_is_seen_twice(results)
    assert str(results[1]["description"]) == "4 replicas on 2 workers"


@pytest.mark.exhaustive
def test_plain_keras_does_not_train_on_workers(tmp_path):
    # Why ALI's step gives Keras rank 1; see `replicas.reducible`.
    _, logs = run(2, tmp_path, "fit_plain_keras", tmp_path)
    assert any("Invalid reduction dimension 0" in text for text in logs)


def check_survivors(workers, folder, lost):
    """All but the lost worker end in time, each with one line."""
    deadline = time.monotonic() + LIMIT
    for index, process in enumerate(workers):
        if index != lost:
            status = process.wait(timeout=deadline - time.monotonic())
            said = log(folder, index).read_text()
            assert status == 138, said
            assert "Traceback" not in said
            assert len(re.findall("^error: ", said, re.MULTILINE)) == 1


def check_loss(number, folder, lost, signal_number=signal.SIGKILL):
    with opened(number, folder, *WORKER, "train_on", folder) as workers:
        wait_for_files(folder, "*.trains", number, workers)
        workers[lost].send_signal(signal_number)
        check_survivors(workers, folder, lost)


@pytest.mark.slow
def test_a_killed_worker_ends_the_other(tmp_path):
    check_loss(2, tmp_path, lost=1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("lost", [0, 1])
def test_a_killed_worker_ends_all(tmp_path, lost):
    check_loss(3, tmp_path, lost)


@pytest.mark.exhaustive
@pytest.mark.parametrize("lost", [0, 1])
def test_a_worker_that_hangs_ends_the_other(tmp_path, lost):
    check_loss(2, tmp_path, lost, signal.SIGSTOP)


@pytest.mark.exhaustive
def test_a_worker_that_fails_ends_the_other(tmp_path):
    command = (*WORKER, "fail_once_all_train", tmp_path)
    with opened(2, tmp_path, *command) as workers:
        assert workers[1].wait(timeout=120) == 2
        check_survivors(workers, tmp_path, lost=1)
    assert "error: no luck" in log(tmp_path, 1).read_text()
