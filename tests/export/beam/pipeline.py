"""Helpers: the Beam pipeline as a process of its own.

It runs in another environment than the tests: .venv-beam, which `make beam`
creates, or the one whose Python the variable BEAM_PYTHON names.
"""

import os
import pathlib
import re

import pytest

from tests import programs

PYTHON = pathlib.Path(
    os.environ.get("BEAM_PYTHON") or programs.CHECKOUT / ".venv-beam/bin/python"
)
needs_beam = pytest.mark.skipif(
    not PYTHON.exists(), reason="`make beam` was not run, BEAM_PYTHON not set"
)
NUM_DIGITS = 40


def run(saved_models, output, *flags):
    """Runs the pipeline; returns status, stdout and stderr."""
    return programs.run(
        PYTHON,
        "-m",
        "export.encode_beam",
        f"--saved_models={saved_models}",
        f"--output={output}",
        *flags,
    )


def encode_all(saved_models, output, *flags):
    """Runs the pipeline; returns its counters."""
    status, printed, errors = run(saved_models, output, *flags)
    assert status == 0, errors
    counts = re.search(r"Read (\d+); wrote (\d+) .*, (\d+) to", printed)
    return [int(count) for count in counts.groups()]
