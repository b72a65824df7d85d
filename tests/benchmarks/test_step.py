"""Steps at full size: the program, its record, its table."""

import sys

import pytest

from ali_keras import Config
from benchmarks import step
from tests import programs
from tools.documents import records
from tools.documents.tables import step_table

FIGURES = {
    "preset",
    "precision",
    "batch_size",
    "data",
    "num_steps",
    "seconds_per_step",
    "peak_memory_mib",
    "is_finite",
}


def check(result):
    assert result.keys() == FIGURES
    assert result["is_finite"] is True
    assert result["seconds_per_step"] > 0
    # TensorFlow alone takes more than 100 MiB, all of it less than 1 TiB.
    assert 100 < result["peak_memory_mib"] < 2**20


def test_random_images_stand_in_for_data():
    config = Config.from_preset("mixture_paper")
    result = step.measure(config, num_steps=3)
    check(result)
    assert result["preset"] == "mixture_paper"
    assert (result["data"], result["num_steps"]) == ("random", 3)
    assert (result["precision"], result["batch_size"]) == ("float32", 100)


def test_real_images_are_taken_where_there_are_any(data_dir):
    config = Config.from_preset(
        "bigan_mnist", "mnist_5k", data_dir=data_dir, precision="float32"
    )
    images = step.images_of(config)
    assert images.shape == (step.NUM_IMAGES, 28, 28, 1)
    assert images.dtype == "uint8" and images[:, 0].max() == 0
    random = step.images_of(config.replace(dataset=""))
    assert random.shape == images.shape and random[:, 0].max() == 255


def test_losses_that_are_not_finite_are_told():
    config = Config.from_preset("mixture_paper")
    wild = config.replace(generator_learning_rate=1e38)
    assert step.measure(wild, num_steps=4)["is_finite"] is False


@pytest.mark.exhaustive
def test_the_program_writes_a_record(tmp_path):
    path = tmp_path / "steps.jsonl"
    status, output, errors = programs.run(
        *(sys.executable, "-m", "benchmarks.step", f"--output={path}"),
        *("--presets=bigan_mnist", "--precisions=float32,mixed_bfloat16"),
    )
    assert status == 0, errors
    assert output.count('"preset": "bigan_mnist"') == 2
    [record] = records.read(path)
    assert record["name"] == "steps"
    assert {"command", "commit", "versions", "machine"} < record.keys()
    precisions = [result["precision"] for result in record["metrics"]]
    assert precisions == ["float32", "mixed_bfloat16"]
    for result in record["metrics"]:
        check(result)


def test_an_unknown_preset_is_refused_before_any_is_measured(capsys):
    status = programs.start(step, "--presets=cifar10,nothing")
    line = programs.error_line(status, capsys.readouterr())
    assert line.startswith("error: preset must be one of [")
    assert line.endswith("Received: nothing")


def test_the_table_has_a_line_for_each_measurement(tmp_path, monkeypatch):
    result = {
        "preset": "celeba",
        "precision": "mixed_bfloat16",
        "batch_size": 100,
        "data": "random",
        "num_steps": 2,
        "seconds_per_step": 12.346,
        "peak_memory_mib": 4321.6,
        "is_finite": True,
    }
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    record = records.describe("steps", {}, [result, result])
    records.write(records.path("steps"), [record])
    *_, line, again = step_table.steps().split("\n")
    assert line == again
    settings = "| `celeba` | mixed_bfloat16 | 100 | random |"
    assert line == settings + " 12.35 | 4,322 | yes |"
