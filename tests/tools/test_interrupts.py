"""Ctrl-C at any moment of a program: one line, status 130."""

import os
import signal
import sys
import time
import types

import pytest

from ali_keras.command_line import interrupts
from ali_keras.command_line import program
from tests import programs


def interrupt(delay, *command):
    """Starts a process and sends SIGINT after some seconds.

    Returns:
        Its status, and its lines on stderr.
    """
    # A shell's background job ignores Ctrl-C, and so would its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with programs.popen(sys.executable, *command) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
    finally:
        signal.signal(signal.SIGINT, before)
    return process.returncode, errors.splitlines()


def end(main):
    """The status of a program whose `main` is given, in this process."""
    ours = types.SimpleNamespace(
        __name__="ours", run=lambda: program.run(main, tensorflow=False)
    )
    return programs.start(ours)


@pytest.fixture(autouse=True)
def heeds_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


# Python itself takes some hundredths of a second before it runs any module.
@pytest.mark.slow
@pytest.mark.parametrize("module", ["tools.generate", "export.saved_model"])
@pytest.mark.parametrize("delay", [0.2, 0.5, 1, 2, 3, 5])
def test_the_first_seconds(tmp_path, module, delay):
    # It runs into an error after them.
    target = f"--workdir={tmp_path}", "--output=x"
    status, lines = interrupt(delay, "-m", module, *target)
    if lines[-1].startswith("error: "):
        # It was through. Python, as it ends, leaves the signal to the system.
        assert status in (2, -signal.SIGINT) and len(lines) == 1
    else:
        assert (status, lines) == (130, ["", "Interrupted."])


START = """
import signal, sys
sys.argv = [sys.argv[1], "--workdir=."]
import tools
print(signal.getsignal(signal.SIGINT).__name__)
"""


@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("-m", "end_at_once"),
        ("/usr/bin/ali-train", "end_at_once"),
        ("/usr/bin/pytest", "default_int_handler"),
        ("", "default_int_handler"),
    ],
)
def test_ctrl_c_is_ours_in_our_programs_alone(name, handler):
    _, printed, _ = programs.run(sys.executable, "-c", START, name)
    assert printed == f"{handler}\n"


def test_a_main_is_interrupted_by_an_exception(capfd):
    undone = []

    def main():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        finally:
            undone.append(True)

    assert end(main) == interrupts.INTERRUPTED
    assert capfd.readouterr().err == "\nInterrupted.\n"
    assert undone


def test_an_interrupt_taken_for_an_error_is_one_all_the_same(capfd):
    def main():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        except KeyboardInterrupt:
            raise ImportError("A module could not be loaded.") from None

    assert end(main) == interrupts.INTERRUPTED
    assert "could not be loaded" not in capfd.readouterr().err


def test_an_error_that_is_none_is_raised():
    def main():
        raise ImportError("A bug.")

    with pytest.raises(ImportError, match="A bug"):
        end(main)


def test_a_job_in_the_background_stays_there():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.handled():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
