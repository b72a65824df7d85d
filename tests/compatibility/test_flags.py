"""Every program has the flags that it had before the packages."""

import json

import pytest

from tests.compatibility import program_flags
from tests.compatibility import small_runs

RECORDED = json.loads((small_runs.RECORDED / "flags.json").read_text())


@pytest.mark.parametrize("program", program_flags.PROGRAMS)
def test_no_flag_is_lost_or_means_something_else(program):
    flags = program_flags.list_flags(program)
    assert set(RECORDED[program]) <= set(flags)
    for name, recorded in RECORDED[program].items():
        assert flags[name]["boolean"] == recorded["boolean"], name
        assert flags[name]["default"] == recorded["default"], name
        if recorded["choices"]:
            assert set(recorded["choices"]) <= set(flags[name]["choices"]), name


def test_all_recorded_programs_are_asked():
    assert set(RECORDED) == set(program_flags.PROGRAMS)
    assert len(RECORDED["tools.train"]) == 41
