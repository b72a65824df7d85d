"""What docs/serving.md has people run."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from export.serving import settings
from export.serving.write import write_bundle
from tests import programs
from tests.client import serving_server
from tests.export.serving import servers

DOCUMENT = (programs.CHECKOUT / "docs" / "serving.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


def shell(script, folder):
    """Runs a script in bash, with `python` and `python3` those of the tests."""
    python = shlex.quote(sys.executable)
    functions = f'python() {{ {python} "$@"; }}\npython3() {{ python "$@"; }}\n'
    result = subprocess.run(
        ["bash", "-c", functions + script],  # noqa: S607
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(programs.CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="Needs curl.")
def test_the_requests_of_the_document_are_answered(models, tmp_path):
    [block] = [text for text in blocks("sh") if "curl --data" in text]
    picture = np.full((40, 30, 3), 128, np.uint8)
    (tmp_path / "digit.png").write_bytes(tf.io.encode_png(picture).numpy())
    requests, _, last = block.rpartition("curl --data '")
    with servers.rest_server(models) as port:
        printed = shell(requests.replace("8501", str(port)), tmp_path)
    decoder, answers = json.JSONDecoder(), []
    while printed:
        answer, end = decoder.raw_decode(printed)
        answers.append(answer["outputs"])
        printed = printed[end:].lstrip()
    encoded, encoded_file, decoded = answers
    assert np.shape(encoded["z_mean"]) == (1, 32)
    assert np.shape(encoded_file["z_log_sigma"]) == (1, 32)
    assert np.shape(decoded) == (1, 28, 28, 1)
    body = json.loads(last.partition("'")[0])
    inputs = {k: np.int32(v) for k, v in body["inputs"].items()}
    decoder = models.servables["decoder"][1]
    generated = decoder.run(body["signature_name"], inputs)
    assert generated["image"].shape == (4, 28, 28, 1)


@pytest.mark.slow
def test_the_python_of_the_document_gets_an_answer(models):
    [program] = blocks("python")
    with serving_server.serving_grpc(models) as address:
        program = program.replace("127.0.0.1:8500", address)
        program += "print(z_mean.shape)"
        status, said, errors = programs.run(sys.executable, "-c", program)
    assert (status, said) == (0, "(1, 32)\n"), errors


def test_the_command_of_the_document_is_that_of_the_bundle(
    served_bundle, tmp_path
):
    [block] = [text for text in blocks("sh") if "sed " in text]
    _, sed, command = re.sub(r"\\\n\s*", "", block).strip().split("\n")
    copy = shutil.copytree(served_bundle, tmp_path / "serving")
    shell(sed, copy)
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((copy / "local.config").read_text(), config)
    for model in config.model_config_list.config:
        assert (pathlib.Path(model.base_path) / "1" / "saved_model.pb").exists()
    expected = [
        argument.replace("/bundle/models.config", "/bundle/local.config")
        for argument in settings.arguments()
    ]
    _, *arguments = command.replace("$PWD", "/bundle").split()
    assert arguments == expected


@pytest.mark.exhaustive
def test_a_canary_comes_and_becomes_stable(two_versions, tmp_path):
    [block] = [text for text in blocks("sh") if "--canary_version" in text]
    shutil.copytree(two_versions, tmp_path / "export")
    write_bundle(two_versions, tmp_path / "serving", version=1)

    def labels():
        config = model_server_config_pb2.ModelServerConfig()
        text = (tmp_path / "serving" / "models.config").read_text()
        text_format.Parse(text, config)
        for model in config.model_config_list.config:
            for version in model.model_version_policy.specific.versions:
                path = tmp_path / "serving" / "models" / model.name
                assert (path / str(version) / "saved_model.pb").exists()
            yield dict(model.version_labels)

    assert list(labels()) == 2 * [{"stable": 1}]
    first, second = re.split(r"# 2\..*\n", block)
    shell(first, tmp_path)
    assert list(labels()) == 2 * [{"stable": 1, "canary": 2}]
    shell(second, tmp_path)
    assert list(labels()) == 2 * [{"stable": 2}]
    readme = (tmp_path / "serving" / "README.md").read_text()
    assert "stable = version 2" in readme
