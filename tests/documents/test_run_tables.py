"""The tables of trainings, from runs that are made up."""

import pytest

from ali_keras import files
from ali_keras.workdir.workdir import Workdir
from tests import programs
from tools.documents import add_record
from tools.documents import records
from tools.documents.tables import run_tables


def run(name, seed, accuracy, **metrics):
    return {
        "name": name,
        "seed": seed,
        "config": {
            "dataset": "mnist_5k",
            "batch_size": 100,
            "epochs": 3,
            "steps_per_epoch": None,
        },
        "metrics": {
            "num_gallery": 4050,
            "nearest_neighbour_accuracy": {"z_mean": accuracy},
            **metrics,
        },
        "seconds": 60.0 + 120 * seed,
    }


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    runs = [run("a", 0, 0.9), run("a", 1, 0.8), run("b", 0, 0.5, mean_sigma=1)]
    records.write(records.path("x"), runs)
    return tmp_path


def test_a_table_has_means_and_deviations_over_the_seeds():
    assert run_tables.runs("x").split("\n") == [
        "| | `a` | `b` |",
        "|---|---|---|",
        "| seeds | 2 | 1 |",
        "| steps | 120 | 120 |",
        "| minutes of training | 2.0 | 1.0 |",
        "| mean sigma | – | 1.000 |",
        "| 1-NN accuracy of z_mean | 0.850 ± 0.050 | 0.500 |",
    ]


def test_several_files_make_one_table():
    records.write(records.path("y"), [run("c", 0, 0.7)])
    head, *_ = run_tables.runs("y", "x").split("\n")
    assert head == "| | `c` | `a` | `b` |"


def store(path, seed, accuracy):
    """Writes what a finished and evaluated training leaves."""
    workdir = Workdir(path)
    made_up = run("", seed, accuracy)
    files.write_json(workdir.config, {**made_up["config"], "seed": seed})
    files.write_json(workdir.training, {"epochs": 3, "command": "python"})
    files.write_json(workdir.metrics, made_up["metrics"])
    files.write_json(workdir.history, {"seconds": [1.0, 2.5]})


def add(workdir, output, *flags):
    given = (f"--workdir={workdir}", f"--output={output}")
    return programs.start(add_record, *given, *flags)


def test_a_run_is_added_in_order(folder):
    output = records.path("x")
    store(folder / "run", 2, 0.7)
    assert add(folder / "run", output, "--name=a") == 0
    runs = records.read(output)
    keys = [("a", 0), ("a", 1), ("a", 2), ("b", 0)]
    assert [(line["name"], line["seed"]) for line in runs] == keys
    assert runs[2]["seconds"] == 3.5
    assert runs[2]["command"] == "python"
    assert runs[2]["metrics"]["num_gallery"] == 4050


def test_a_run_replaces_that_of_its_name_and_seed(folder):
    output = folder / "new.jsonl"
    for accuracy in (0.7, 0.6):
        store(folder / "run", 0, accuracy)
        assert add(folder / "run", output) == 0
    [line] = records.read(output)
    assert line["name"] == "new"
    assert line["metrics"]["nearest_neighbour_accuracy"]["z_mean"] == 0.6


def test_a_run_that_was_not_evaluated_is_refused(folder, capsys):
    store(folder / "run", 0, 0.7)
    (folder / "run" / "metrics.json").unlink()
    status = add(folder / "run", folder / "new.jsonl")
    line = programs.error_line(status, capsys.readouterr())
    assert "without metrics.json" in line
    assert not (folder / "new.jsonl").exists()
