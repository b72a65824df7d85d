"""What programs print at their start: their own words, and real trouble."""

import os
import sys

import pytest

from ali_keras.command_line import notes
from tests import programs

PREFIX = " 00:00:1795564639.317714   22777 "
NOTES = [
    "WARNING: All log messages before absl::InitializeLog() is called are "
    "written to STDERR",
    f"I0000{PREFIX}cudart_stub.cc:31] Could not find cuda drivers on your "
    "machine, GPU will not be used.",
    f"I0000{PREFIX}cpu_feature_guard.cc:227] This TensorFlow binary is "
    "optimized to use available CPU instructions.",
    "2026-01-31 10:20:30.123456: I tensorflow/core/util/port.cc:153] oneDNN "
    "custom operations are on.",
    f"E0000{PREFIX}cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA "
    "error: Failed call to cuInit: UNKNOWN ERROR (303)",
]
WORDS = [
    f"W0000{PREFIX}gpu_device.cc:2341] Cannot dlopen some GPU libraries.",
    f"E0000{PREFIX}port.cc:1] The disk has errors.",
    f"F0000{PREFIX}cpu_feature_guard.cc:14] The TensorFlow library was "
    "compiled to use AVX instructions, but these aren't available.",
    "2026-01-31 10:20:30.123456: W tensorflow/core/framework/op.cc:1] Trouble.",
    "Traceback (most recent call last):",
    "Terminated.",
    "",
]
# Writes what it is given, and ends as it is told.
SCRIPT = """
import os, sys
from ali_keras.command_line import startup
with startup._without_notes():
    os.write(2, sys.argv[1].encode())
    if sys.argv[2] == "abort":
        os.abort()
    if sys.argv[2] == "raise":
        raise ImportError("It raises.")
print("Our word.", file=sys.stderr)
"""


def environment(**variables):
    names = {"TF_CPP_MIN_LOG_LEVEL", "TF_CONFIG"}
    kept = {k: v for k, v in os.environ.items() if k not in names}
    return {**kept, **variables}


@pytest.mark.parametrize("line", NOTES)
def test_notes_are_left_out(line):
    assert notes.is_note(line.encode(), has_gpu=False)


@pytest.mark.parametrize("line", WORDS)
@pytest.mark.parametrize("has_gpu", [False, True])
def test_warnings_and_errors_are_shown(line, has_gpu):
    assert not notes.is_note(line.encode(), has_gpu)


@pytest.mark.parametrize("line", [NOTES[1], NOTES[4]])
def test_what_is_said_of_a_gpu_is_shown_where_there_is_one(line):
    assert not notes.is_note(line.encode(), has_gpu=True)


@pytest.mark.parametrize(
    ("ending", "last"),
    [
        ("return", "Our word."),
        ("raise", "ImportError: It raises."),
        ("abort", ""),
    ],
)
def test_trouble_is_shown_however_a_start_ends(ending, last):
    text = "\n".join([*NOTES, *WORDS])
    status, _, errors = programs.run(sys.executable, "-c", SCRIPT, text, ending)
    assert (status == 0) == (ending == "return")
    assert "\n".join(WORDS) in errors
    assert errors.rstrip("\n").endswith(last)
    assert not any(line in errors for line in NOTES if "cud" not in line)


def test_a_program_prints_its_own_words_alone(tmp_path):
    _, printed, errors = programs.run(
        sys.executable,
        "-m",
        "tools.generate",
        f"--workdir={tmp_path}",
        env=environment(),
    )
    [line] = errors.splitlines()
    assert line.startswith("error: ") and not printed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "variables"),
    [((), {"TF_CPP_MIN_LOG_LEVEL": "0"}), (("--verbosity=0",), {})],
)
def test_tensorflow_speaks_when_asked_to(tmp_path, flags, variables):
    _, _, errors = programs.run(
        sys.executable,
        "-m",
        "tools.generate",
        f"--workdir={tmp_path}",
        *flags,
        env=environment(**variables),
    )
    assert "cpu_feature_guard" in errors
