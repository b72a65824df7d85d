"""How far a long task is: a bar for a terminal, lines for a file."""

import io
import sys

import pytest

from ali_keras import progress


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until a test moves it: a list of one time."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def work(clock, seconds, number=100):
    """A task of some seconds an item; returns what it was given."""
    done = []
    for item in progress.shown(iter(range(number)), number, "Working"):
        done.append(item)
        clock[0] += seconds
    return done


def test_silence_is_the_default(capfd):
    assert list(progress.silent(iter("abc"), 3, "Working")) == ["a", "b", "c"]
    assert capfd.readouterr() == ("", "")


def test_a_short_task_says_nothing_to_a_file(clock, capfd):
    assert work(clock, 0.09) == list(range(100))
    assert capfd.readouterr() == ("", "")


def test_a_long_task_writes_lines_to_a_file(clock, capfd):
    assert work(clock, 1.0) == list(range(100))
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "Working: 10% after 10 s",
        "Working: 40% after 40 s",
        "Working: 70% after 70 s",
    ]


def test_a_terminal_gets_a_bar_that_disappears(monkeypatch, capfd):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    items = progress.shown(iter(range(3)), 3, "Working")
    assert next(items) == 0
    assert "Working:   0%" in terminal.getvalue()
    assert list(items) == [1, 2]
    # The line is overwritten by spaces.
    assert terminal.getvalue().endswith(" \r")
    assert "\n" not in terminal.getvalue()
    assert capfd.readouterr() == ("", "")


def test_an_error_takes_the_bar_away(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    def broken():
        yield 0
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        list(progress.shown(broken(), 3, "Working"))
    assert terminal.getvalue().endswith(" \r")
