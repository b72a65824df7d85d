"""Every program as a process of its own, and what all of them share."""

import sys

import pytest

from tests import programs
from tools import generate
from tools import reconstruct

OUTPUTS = {
    "generate": "out.png",
    "reconstruct": "out.png",
    "interpolate": "out.png",
    "encode": "out.npz",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_program_runs_as_a_process(finished, tmp_path, name):
    output = tmp_path / OUTPUTS[name]
    status, printed, errors = programs.run(
        sys.executable,
        "-m",
        f"tools.{name}",
        f"--workdir={finished.path}",
        f"--output={output}",
    )
    assert status == 0, errors
    assert str(output) in printed and output.exists()


@pytest.mark.slow
def test_the_export_runs_as_a_process(finished, tmp_path):
    # Whose names of layers start anew.
    status, printed, errors = programs.run(
        sys.executable,
        "-m",
        "export.saved_model",
        f"--workdir={finished.path}",
        f"--output={tmp_path}",
    )
    assert status == 0, errors
    assert f"Wrote {tmp_path}/encoder/1." in printed


def test_help_lists_own_and_shared_flags():
    _, printed, _ = programs.run(
        sys.executable, "-m", "tools.reconstruct", "--helpshort"
    )
    for flag in ("--num_pairs", "--workdir", "--output", "--data_dir"):
        assert flag in printed
    assert "--format" not in printed


@pytest.mark.parametrize(
    ("program", "flag"),
    [(reconstruct, "--dataset=mnist"), (generate, "--data_dir=x")],
)
def test_a_flag_of_other_programs_is_refused(finished, capsys, program, flag):
    status = programs.start(program, f"--workdir={finished.path}", flag)
    line = programs.error_line(status, capsys.readouterr())
    assert line.endswith(f"Received: {flag.split('=')[0]}")


def test_a_place_that_cannot_be_read_is_one_line(capsys):
    status = programs.start(generate, f"--workdir=/{'x' * 5000}")
    programs.error_line(status, capsys.readouterr())


def test_a_place_that_cannot_be_written_is_one_line(finished, capsys):
    status = programs.start(
        generate,
        f"--workdir={finished.path}",
        "--format=tfrecord",
        "--output=/proc/generated.tfrecord",
    )
    programs.error_line(status, capsys.readouterr())
