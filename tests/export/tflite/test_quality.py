"""What LiteRT's forms cost: measured anew, and as docs/devices.md tells."""

import json
import re
import subprocess
import sys

import pytest
from absl import flags

import ali_keras
from ali_keras import InputError
from ali_keras.workdir.workdir import Workdir
from export import saved_model
from export import tflite
from export.tflite import check
from export.tflite.forms import FORMS
from export.tflite.source import Source
from tests import programs
from tests import tiny
from tools.documents import records
from tools.documents.tables import device_table

PAGE = (programs.CHECKOUT / "docs" / "devices.md").read_text()
# How far each form may fall behind float32, of 1.
ALLOWED = {"float16": 0.005, "dynamic": 0.005, "int8": 0.02}
# Of 1,000 queries so many more may change sides by chance, where a short
# training has left many at the border: measured up to 0.013, to either side.
CHANCE = 0.01
ACCURACIES = ("nearest_neighbour_accuracy", "reconstruction_agreement")


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory):
    """Folder with runs/demo/export, SavedModels of a tiny model."""
    folder = tmp_path_factory.mktemp("tiny")
    programs.store_tiny(folder)
    config = ali_keras.Config.from_preset(
        "mnist", "tiny", data_dir=str(folder), precision="float32"
    )
    output = folder / "runs" / "demo" / "export"
    saved_model.export_saved_models(tiny.model(), config, output)
    return folder


def check_goals(forms, chance=0.0):
    """The forms keep what the model knows."""
    exact = forms["float32"]
    assert exact["errors"]["z_mean"]["max"] < 1e-4
    assert exact["errors"]["image"]["max"] < 1e-4
    for form, allowed in ALLOWED.items():
        for name in ACCURACIES:
            least = exact[name] - allowed - chance
            assert forms[form][name] >= least, (form, name)


@pytest.mark.parametrize("seed", range(3))
def test_the_records_meet_the_goals(seed):
    run = records.read(records.path("tflite"))[seed]
    record = run["metrics"]
    check_goals(record["forms"])
    sizes = [
        sum(figures["bytes"].values())
        for name, figures in record["forms"].items()
        if name in ("float32", "float16", "int8")
    ]
    assert sizes[0] / sizes[1] > 1.9 and sizes[0] / sizes[2] > 3.5
    assert (record["num_gallery"], record["num_queries"]) == (4000, 1000)
    assert run["seed"] == seed
    assert "--check" in run["command"]


def test_the_page_s_tables_are_the_records():
    first = records.read(records.path("tflite"))[0]
    assert check.table(first["metrics"]) in PAGE
    assert device_table.devices() in PAGE


@pytest.mark.slow
def test_the_page_s_python_runs(tiny_models):
    folder = tiny_models / "runs" / "demo"
    tflite.export_tflite(Source(folder / "export"), folder / "tflite", "int8")
    [program] = re.findall("```python\n(.*?)```", PAGE, re.DOTALL)
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tiny_models,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == "(1, 3) (1, 4, 4, 1)\n"


def test_the_page_s_flags_are_the_programs():
    known = {
        flag.name
        for program in (saved_model, tflite)
        for flag in flags.FLAGS.get_key_flags_for_module(program.__name__)
    }
    named = set(re.findall(r"--(\w+)", PAGE.split("## Python")[0]))
    assert {"quantization", "check", "representative_dataset"} <= named <= known


@pytest.mark.exhaustive
def test_data_without_labels_are_measured_by_errors(tiny_models, capsys):
    output = tiny_models / "check.json"
    models = tiny_models / "runs" / "demo" / "export"
    given = (f"--saved_models={models}", "--batch_size=8", "--check")
    with programs.tiny_networks():
        assert programs.start(tflite, *given, f"--output={output}") == 0
    record = json.loads(output.read_text())
    assert capsys.readouterr().out == f"{check.table(record)}\n"
    forms = record["forms"]
    assert list(forms) == ["saved_model", *FORMS.values()]
    assert not forms["int8"].keys() & set(ACCURACIES)
    assert record["num_queries"] == 8
    assert forms["float32"]["errors"]["z_mean"]["max"] < 1e-5
    errors = [forms[form]["errors"]["z_mean"]["mean"] for form in ALLOWED]
    assert 0 < errors[0] < errors[-1] < 0.1


def test_a_model_of_unknown_data_needs_a_data_set_named(tiny_models):
    source = Source(tiny_models / "runs" / "demo" / "export")
    source.config = source.config.replace(dataset="")
    with pytest.raises(InputError, match="--representative_dataset must be"):
        source.representative_examples()
    assert source.representative_examples("tiny").keys() == source.paths.keys()


@pytest.mark.exhaustive
def test_a_model_that_learned_keeps_it(data_dir, tmp_path):
    workdir = Workdir(tmp_path / "run")
    config = ali_keras.Config.from_preset(
        "mnist", "mnist_5k", data_dir=data_dir, epochs=8
    )
    ali_keras.train(config, workdir.path)
    saved_model.export_saved_models(*workdir.load(), tmp_path / "models")
    source = Source(tmp_path / "models", batch_size=50)
    record = check.measure(source)
    assert record["forms"]["float32"][ACCURACIES[0]] > 0.6
    check_goals(record["forms"], CHANCE)
