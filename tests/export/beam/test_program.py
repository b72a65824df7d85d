"""export.encode_beam as a program: what it refuses, where it runs."""

import importlib.util
import re

import pytest

import ali_keras
from export import encode_beam
from export.saved_model import export_saved_models
from tests import programs
from tests.export.beam import files as beam_files
from tests.export.beam import pipeline


@pytest.fixture(scope="package")
def points(tmp_path_factory):
    """Folder of the SavedModels of a model of points."""
    folder = tmp_path_factory.mktemp("points")
    config = ali_keras.Config.from_preset("mixture", precision="float32")
    export_saved_models(ali_keras.build_model(config), config, folder)
    return folder


@pipeline.needs_beam
@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"input": "missing"}, "--input must match files"),
        pytest.param(
            {"output": "kept"},
            "--output must be a prefix",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            {"beam": "--runner=Nobody"},
            "What follows `--` must be flags",
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_what_beam_cannot_do_is_one_line(
    saved_models, records, tmp_path, changed, rule
):
    beam_files.write_shard(tmp_path / "in", records[:1])
    (tmp_path / "kept-00000-of-00001.parquet").write_text("kept")
    given = {
        "input": "in",
        "output": "out",
        "beam": "--direct_num_workers=1",
        **changed,
    }
    before = programs.snapshot(tmp_path)
    status, _, errors = pipeline.run(
        saved_models,
        tmp_path / given["output"],
        f"--input={tmp_path / given['input']}",
        "--",
        given["beam"],
    )
    assert status == 2 and "Traceback" not in errors
    [line] = re.findall("^error: .*", errors, flags=re.M)
    assert rule in line
    assert programs.snapshot(tmp_path) == before


def pins(name):
    """Versions of all packages that a file of requirements pins."""
    text = (programs.CHECKOUT / name).read_text()
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, flags=re.M))


def test_both_environments_compute_with_the_same_versions():
    ours, beam = pins("requirements.txt"), pins("requirements-beam.txt")
    for name in ("tensorflow", "keras", "numpy", "tensorflow-datasets"):
        assert beam[name] == ours[name]


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("apache_beam") is not None, reason="Beam is here"
)
def test_without_beam_it_says_how_to_get_it(saved_models, tmp_path, capsys):
    status = programs.start(
        encode_beam,
        f"--saved_models={saved_models}",
        f"--output={tmp_path}/codes",
        "--input=images/*",
    )
    line = programs.error_line(status, capsys.readouterr())
    assert "make beam" in line and "apache_beam" in line


@pytest.mark.parametrize("given", ["--input=images/*", "--output=codes"])
def test_input_and_output_must_be_given(saved_models, capsys, given):
    flag = f"--saved_models={saved_models}"
    status = programs.start(encode_beam, flag, given)
    line = programs.error_line(status, capsys.readouterr())
    assert "--input must be given" in line and "--output" in line


def test_arguments_must_be_flags(saved_models, tmp_path, capsys):
    status = programs.start(
        encode_beam,
        f"--saved_models={saved_models}",
        f"--output={tmp_path}/codes",
        "--input=images/*",
        "images",
    )
    line = programs.error_line(status, capsys.readouterr())
    assert line.endswith("Received: images")


def test_points_are_refused(points, tmp_path, capsys):
    status = programs.start(
        encode_beam,
        f"--saved_models={points}",
        f"--output={tmp_path}/codes",
        "--input=images/*",
    )
    line = programs.error_line(status, capsys.readouterr())
    assert "points" in line
