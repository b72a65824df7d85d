"""The records in results/: what a line holds, and that its command runs."""

import importlib
import re
import shlex
import subprocess
import sys

import pytest
from absl import flags
from absl.testing import flagsaver

from ali_keras import InputError
from tests import programs
from tools.documents import presets
from tools.documents import records

FILES = sorted(records.FOLDER.glob("*.jsonl"))
KEYS = {"name", "epochs", "command", "commit", "versions", "machine"}
MEASURED = {"metrics", "history"}
# Defines flags of the names of others, which absl refuses in one process.
APART = "benchmarks.determinism"


def all_runs():
    return [(file, run) for file in FILES for run in records.read(file)]


def parse(command):
    """Returns the module of a command and its arguments."""
    python, option, module, *arguments = shlex.split(command)
    assert (python, option) == ("python", "-m"), command
    return module, arguments


def given_flags(module, arguments):
    """Returns the values of the flags in a program's arguments."""
    importlib.import_module(module)
    with flagsaver.flagsaver():
        rest = flags.FLAGS([module, *arguments])[1:]
        assert not rest
        own = flags.FLAGS.get_key_flags_for_module(module)
        return {flag.name: flag.value for flag in own if flag.present}


def test_results_hold_records_and_a_page_only():
    names = {path.name for path in records.FOLDER.iterdir()}
    assert names == {"README.md", *(path.name for path in FILES)}
    assert not list((programs.CHECKOUT / "docs").rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_has_what_a_figure_needs_beside_it(file):
    runs = records.read(file)
    assert runs
    for run in runs:
        assert KEYS <= run.keys()
        assert len(MEASURED & run.keys()) == 1
        assert re.fullmatch(r"[0-9a-f]{12}", run["commit"])
        assert {"python", "tensorflow", "keras"} <= run["versions"].keys()
        assert run["machine"].keys() == {"system", "processor", "num_cores"}
        if "config" in run:
            assert run["seed"] == run["config"]["seed"]
            assert run["epochs"] == run["config"]["epochs"]
            assert run["seconds"] > 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_lines_of_a_file_are_in_order(file):
    keys = [(run["name"], run.get("seed", 0)) for run in records.read(file)]
    assert keys == sorted(set(keys))


def test_the_page_tells_of_every_file():
    page = (records.FOLDER / "README.md").read_text()
    named = set(re.findall(r"`(\w+\.jsonl)`", page))
    assert named == {path.name for path in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_command_is_a_program_s(file):
    for run in records.read(file):
        module, arguments = parse(run["command"])
        if module == APART:
            check_flags_apart(module, arguments)
        else:
            given = given_flags(module, arguments)
            assert len(given) == len(arguments), run["command"]


def check_flags_apart(module, arguments):
    result = subprocess.run(
        [sys.executable, "-m", module, "--helpshort"],
        cwd=programs.CHECKOUT,
        capture_output=True,
        text=True,
    )
    known = set(re.findall(r"^  --(?:\[no\])?(\w+):", result.stdout, re.M))
    named = {re.match(r"--(\w+)=", argument)[1] for argument in arguments}
    assert named and named <= known


def test_every_training_s_command_gives_its_configuration():
    for _, run in all_runs():
        if "config" not in run:
            continue
        given = given_flags(*parse(run["command"]))
        config = {**presets.resolve(given["preset"]), **given}
        recorded = run["config"]
        names = config.keys() & recorded.keys()
        assert {"dataset", "seed", "epochs", "generator_learning_rate"} <= names
        for name in names:
            expected = config[name]
            if name == "precision" and expected == "auto":
                assert recorded[name] in ("float32", "mixed_bfloat16")
            elif name == "label_dim" and expected is None:
                # The data set has it.
                assert recorded[name] or recorded["conditional"] == "none"
            else:
                assert recorded[name] == expected, (run["command"], name)


def test_a_workdir_is_one_training_s():
    configs = {}
    for _, run in all_runs():
        module, arguments = parse(run["command"])
        if module == "tools.train":
            workdir = given_flags(module, arguments)["workdir"]
            config = {**run["config"], "epochs": None}
            assert configs.setdefault(workdir, config) == config, workdir


def test_a_command_that_differs_from_the_typed_one_says_so():
    for _, run in all_runs():
        if "recorded_command" in run:
            assert run["recorded_command"] != run["command"]


def test_an_unknown_flag_is_found():
    with pytest.raises(flags.Error):
        given_flags("tools.train", ["--no_such_flag=1"])


def test_lines_are_written_and_read(tmp_path):
    file = tmp_path / "results" / "x.jsonl"
    runs = [{"name": "a", "seed": 0}, {"name": "b", "share": 0.1}]
    records.write(file, runs)
    assert len(file.read_text().splitlines()) == 2
    assert records.read(file) == runs
    assert list(records.by_name([*runs, runs[0]])) == ["a", "b"]


def test_a_line_that_is_no_json_is_named(tmp_path):
    file = tmp_path / "x.jsonl"
    file.write_text('{"name": "a"}\n{"name"\n')
    with pytest.raises(InputError, match="one JSON object a line"):
        records.read(file)
