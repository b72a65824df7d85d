"""export.tflite as a program: what it writes, and what it refuses."""

import re

import pytest

from export import tflite
from tests import programs
from tests import tiny
from tests.export.tflite import models


@pytest.mark.slow
def test_the_program_writes_the_files_and_says_no_more(
    trained, tmp_path, capfd
):
    _, folder, saved_models = trained
    (tmp_path / "encoder_int8.tflite").write_bytes(b"old")
    flags = (f"--saved_models={saved_models}", f"--output={tmp_path}")
    more = ("--quantization=int8", f"--data_dir={folder}")
    assert programs.start(tflite, *flags, *more) == 0
    names = [f"{name}_int8.tflite" for name in ("encoder", "decoder")]
    printed, errors = capfd.readouterr()
    assert printed == "".join(f"Wrote {tmp_path}/{name}.\n" for name in names)
    assert errors == ""
    jsons = [name.replace(".tflite", ".json") for name in names]
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {*names, *jsons}
    image = tiny.images(1)
    encoded = models.call(tmp_path / names[0], "encode", image=image)
    assert encoded["z_mean"].shape == (1, tiny.LATENT_DIM)


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        (["--saved_models=."], "hold encoder/VERSION"),
        (["--version=7"], "without 7"),
        (["--saved_models="], "--saved_models must be given"),
        (["--output="], "--output must be given"),
        (["--output={file}/out"], "place that can be written"),
        (
            ["--quantization=int8", "--representative_dataset=nowhere"],
            "TFDS name of a data set.*Received: nowhere",
        ),
        (
            ["--representative_dataset=tiny"],
            "go with --quantization=int8. Received: --quantization=none",
        ),
        (["--check", "--quantization=none"], "not go with --check"),
        (["--workdir=."], "one of the program's.*--workdir"),
    ],
)
def test_bad_input_is_one_line(trained, tmp_path, capsys, flags, rule):
    _, folder, saved_models = trained
    (tmp_path / "file").write_text("")
    before = programs.snapshot(tmp_path)
    defaults = [f"--saved_models={saved_models}", f"--data_dir={folder}"]
    flags = [x.format(file=tmp_path / "file") for x in flags]
    output = f"--output={tmp_path / 'out'}"
    status = programs.start(tflite, *defaults, output, *flags)
    line = programs.error_line(status, capsys.readouterr())
    assert re.search(rule, line), line
    assert programs.snapshot(tmp_path) == before


def test_an_unknown_quantization_is_refused(trained, tmp_path, capsys):
    flags = (f"--saved_models={trained[2]}", f"--output={tmp_path}")
    status = programs.start(tflite, *flags, "--quantization=int4")
    assert status not in (0, None)
    assert "<dynamic|float16|int8|none>" in capsys.readouterr().err
