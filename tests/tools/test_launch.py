"""The launcher: restarts, statuses, signals."""

import json
import os
import signal
import sys
import time

import pytest

from ali_keras.distribution import cluster
from tests import programs
from tools import launch


@pytest.fixture(autouse=True)
def heeds_ctrl_c():
    """Ctrl-C as a shell's foreground job has it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(*flags, code, arguments=()):
    """Runs Python code as workers; returns the launcher's status."""
    command = [sys.executable, "-c", f"import os, sys, time\n{code}"]
    return programs.start(launch, *flags, "--", *command, *arguments)


def test_each_worker_gets_its_place(tmp_path, monkeypatch):
    code = "print(os.environ['TF_CONFIG'])"
    status = start("--num_workers=3", f"--worker_logs={tmp_path}", code=code)
    assert status == 0
    read = []
    for index in range(3):
        text = (tmp_path / f"worker_{index}.log").read_text()
        monkeypatch.setenv("TF_CONFIG", text)
        read.append(cluster.read())
    assert [workers.index for workers in read] == [0, 1, 2]
    assert len({workers.addresses for workers in read}) == 1


# Attempts leave a line each in a file; worker 0 fails in the first ones.
FAIL = """
path, num_failures, status = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if '"index": 0' in os.environ["TF_CONFIG"]:
    with open(path, "a") as file:
        print(os.environ["TF_CONFIG"], file=file)
    with open(path) as file:
        if len(file.readlines()) <= num_failures:
            if status < 0:
                os.kill(os.getpid(), -status)
            sys.exit(status)
else:
    time.sleep(STAY)
"""


def fail(folder, num_failures, status, *flags, stay=0):
    """Returns the launcher's status and the ports of each attempt."""
    path = folder / "attempts"
    arguments = map(str, (path, num_failures, status))
    code = FAIL.replace("STAY", str(stay))
    result = start(*flags, code=code, arguments=arguments)
    attempts = [json.loads(line) for line in path.read_text().splitlines()]
    return result, [tuple(a["cluster"]["worker"]) for a in attempts]


@pytest.mark.parametrize("status", [138, 143, -signal.SIGKILL])
def test_what_may_pass_starts_again(tmp_path, capsys, status):
    result, attempts = fail(tmp_path, 2, status)
    assert result == 0
    assert len(attempts) == len(set(attempts)) == 3  # New ports each time.
    assert capsys.readouterr().out.count("Starting all again") == 2


def test_a_failure_for_good_ends_all(tmp_path, capsys):
    before = time.monotonic()
    status, attempts = fail(tmp_path, 1, 2, stay=60)
    assert status == 2 and len(attempts) == 1
    assert time.monotonic() - before < 30
    assert "Worker 0 ended with status 2." in capsys.readouterr().out


def test_restarts_come_to_an_end(tmp_path):
    status, attempts = fail(tmp_path, 9, 138, "--max_restarts=1")
    assert status == 138 and len(attempts) == 2


def test_a_failure_for_good_goes_before_its_consequences(tmp_path):
    # Worker 0 ends of the loss of worker 1, which ends after it.
    code = """
import pathlib, signal
ready = pathlib.Path(sys.argv[1])
if '"index": 0' in os.environ["TF_CONFIG"]:
    while not ready.exists():
        time.sleep(0.05)
    sys.exit(138)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
ready.touch()
time.sleep(60)
"""
    assert start(code=code, arguments=[str(tmp_path / "ready")]) == 2


def test_of_failures_seen_at_once_the_cause_counts(capsys):
    group = launch.Group(command=[], num_workers=2)
    for code in ("os._exit(138)", "os.kill(os.getpid(), 9)"):
        code = f"import os; {code}"
        process = programs.popen(sys.executable, "-c", code)
        process.communicate()
        group.processes.append(process)
    assert group.wait() == 137
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "Worker 0 ended with status 138.",
        "Worker 1 ended with status 137.",
    ]


def test_a_worker_deaf_to_sigterm_is_killed():
    code = (
        "import signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "if '\"index\": 0' in os.environ['TF_CONFIG']: sys.exit(3)\n"
        "time.sleep(60)"
    )
    before = time.monotonic()
    assert start("--grace_seconds=0.5", code=code) == 3
    assert time.monotonic() - before < 30


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_passed_on(tmp_path, capsys, number):
    # The last of the workers to be ready has the launcher told to stop.
    code = """
import pathlib, signal
def stop(number, frame):
    (folder / f"told_{os.getpid()}").write_text(str(number))
    sys.exit(143)
folder = pathlib.Path(sys.argv[1])
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, stop)
(folder / f"ready_{os.getpid()}").touch()
while len(list(folder.glob("ready_*"))) < 2:
    time.sleep(0.05)
if '"index": 1' in os.environ["TF_CONFIG"]:
    os.kill(os.getppid(), int(sys.argv[2]))
time.sleep(60)
"""
    status = start(code=code, arguments=(str(tmp_path), str(int(number))))
    assert status == 143  # And it did not start again.
    told = [path.read_text() for path in tmp_path.glob("told_*")]
    assert told == [str(int(number))] * 2
    assert f"{number.name}" in capsys.readouterr().out


def test_a_second_ctrl_c_is_passed_on_too(tmp_path):
    # As a training does, a worker ends at the second alone.
    code = """
import pathlib, signal
told = []
def stop(number, frame):
    told.append(number)
    if len(told) == 2:
        os._exit(130)
    (folder / f"told_{os.getpid()}").touch()
folder = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGINT, stop)
(folder / f"ready_{os.getpid()}").touch()
for name in ("ready", "told"):
    while len(list(folder.glob(f"{name}_*"))) < 2:
        time.sleep(0.05)
    if '"index": 1' in os.environ["TF_CONFIG"]:
        os.kill(os.getppid(), signal.SIGINT)
time.sleep(60)
"""
    before = time.monotonic()
    assert start(code=code, arguments=[str(tmp_path)]) == 130
    assert time.monotonic() - before < 30


def test_a_job_in_the_background_goes_on_at_ctrl_c():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = "import signal\nos.kill(os.getppid(), signal.SIGINT)"
    assert start(code=code) == 0


def test_ports_are_free_and_differ():
    ports = launch.free_ports(5)
    assert len(set(ports)) == 5 and all(port > 1023 for port in ports)


@pytest.mark.parametrize(
    ("command", "named"), [([], "none"), (["/no/program"], "/no/program")]
)
def test_no_command_is_one_line(capsys, command, named):
    status = programs.start(launch, "--", *command)
    assert status == 2
    assert named in programs.error_line(status, capsys.readouterr())


def test_its_signal_handlers_are_gone_afterwards():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert start(code="") == 0
    after = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert after == before
    assert "TF_CONFIG" not in os.environ
