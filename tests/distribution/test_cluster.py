"""TF_CONFIG, workers that wait for each other, workers that are lost."""

import socket
import sys
import threading
from unittest import mock

import pytest
import tensorflow as tf

from ali_keras import InputError
from ali_keras.command_line import program
from ali_keras.distribution import cluster
from tests import programs
from tools import launch

ADDRESSES = ["a:1", "b:2", "c:3"]


@pytest.mark.parametrize("text", [None, "{}", '{"environment": "cloud"}'])
def test_no_cluster(monkeypatch, text):
    if text:
        monkeypatch.setenv("TF_CONFIG", text)
    assert cluster.read() is None


@pytest.mark.parametrize(
    ("jobs", "task", "index"),
    [
        ({"worker": ADDRESSES}, ("worker", 0), 0),
        ({"worker": ADDRESSES}, ("worker", 2), 2),
        ({"worker": ADDRESSES}, ("worker", "1"), 1),
        ({"chief": ["a:1"], "worker": ["b:2", "c:3"]}, ("chief", 0), 0),
        ({"worker": ["b:2", "c:3"], "chief": ["a:1"]}, ("worker", 0), 1),
    ],
)
def test_sound_clusters(set_tf_config, jobs, task, index):
    set_tf_config(jobs, *task)
    workers = cluster.read()
    assert workers == cluster.Workers(tuple(ADDRESSES), index)
    assert workers.is_chief == (index == 0)


@pytest.mark.parametrize(
    ("jobs", "task"),
    [
        ({"worker": ADDRESSES}, ("worker", 3)),
        ({"worker": ADDRESSES}, ("worker", -1)),
        ({"worker": ADDRESSES}, ("worker", "x")),
        ({"worker": ADDRESSES}, ("chief", 0)),
        ({"worker": ADDRESSES}, ("evaluator", 0)),
        ({"worker": ["a:1", "a:1"]}, ("worker", 0)),
        ({"worker": ["a"]}, ("worker", 0)),
        ({"worker": [1]}, ("worker", 0)),
        ({"worker": "a:1"}, ("worker", 0)),
        ({"worker": ADDRESSES, "ps": ["d:4"]}, ("worker", 0)),
        ({"worker": ["a:1"], "chief": ["b:2", "c:3"]}, ("worker", 0)),
        (["a:1"], ("worker", 0)),
    ],
)
def test_unsound_clusters_are_refused(set_tf_config, jobs, task):
    set_tf_config(jobs, *task)
    with pytest.raises(InputError, match="TF_CONFIG must be .* Received: {"):
        cluster.read()


@pytest.mark.parametrize("text", ["", "[]", '{"cluster": {"worker": ["a:1"]}}'])
def test_other_text_is_refused(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match="TF_CONFIG must be"):
        cluster.read()


def local_workers(number):
    addresses = [f"127.0.0.1:{port}" for port in launch.free_ports(number)]
    return [cluster.Workers(tuple(addresses), i) for i in range(number)]


def test_workers_wait_for_each_other():
    def come(workers):
        cluster.wait_for_peers(workers, timeout_seconds=30)
        with socket.create_server(("", own_port(workers))):  # As TensorFlow.
            all_are_here.wait(timeout=30)

    all_are_here = threading.Barrier(3)
    threads = [
        threading.Thread(target=come, args=[w]) for w in local_workers(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not all_are_here.broken


def own_port(workers):
    return int(workers.addresses[workers.index].split(":")[1])


def test_a_worker_that_never_starts_is_named():
    workers, absent = local_workers(2)
    message = f"within 0.2 seconds. Missing: {absent.addresses[1]}$"
    with pytest.raises(cluster.WorkerLost, match=message):
        cluster.wait_for_peers(workers, timeout_seconds=0.2)


def test_a_port_that_is_taken_is_named():
    workers, _ = local_workers(2)
    with socket.create_server(("", own_port(workers))):
        with pytest.raises(cluster.WorkerLost, match="port must be free"):
            cluster.wait_for_peers(workers)


ABORTED = (
    "Graph execution error:\n\nDetected at node X\n"
    "Collective ops is aborted by: Socket closed\nThe error could be from"
)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (tf.errors.UnavailableError(None, None, ABORTED), "Socket closed"),
        (cluster.WorkerLost("All\nworkers"), "All workers"),
    ],
)
def test_a_lost_worker_is_one_line(set_tf_config, capsys, error, reason):
    def main():
        raise error

    set_tf_config({"worker": ADDRESSES})
    with mock.patch.object(sys, "argv", ["program"]):
        with pytest.raises(SystemExit) as ending:
            program.run(main)
    line = programs.error_line(ending.value.code, capsys.readouterr())
    assert ending.value.code == cluster.WORKER_LOST == 138
    assert line.endswith(f"Received: {reason}")


def test_without_workers_none_is_lost():
    error = tf.errors.UnavailableError(None, None, "no network")
    assert not cluster.is_worker_loss(error)
