"""Writes a bundle for TF Serving: SavedModels, configuration, how to run it.

python -m export.serving --saved_models=runs/demo/export --output=bundle

OUTPUT/models/NAME/VERSION                    the SavedModels
OUTPUT/models.config                          which are served, their labels
OUTPUT/batching.config, monitoring.config     settings of the server
OUTPUT/docker-compose.yml, kubernetes.yaml    two ways to run it
OUTPUT/smoke_test.py                          asks a running server
OUTPUT/README.md

--version is labelled "stable", --canary_version "canary". docs/serving.md
says how to run, watch and update the server.
"""

import contextlib
import os
import pathlib
import shutil
import string
import tempfile

from absl import flags
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from ali_keras import files
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.errors import InputError

from . import servables
from . import warmup

common_flags.declare(__name__, "saved_models", "output", "version")
CANARY_VERSION = flags.DEFINE_integer(
    "canary_version",
    None,
    "A second version to serve, labelled canary. --version is the stable one.",
    lower_bound=1,
)
BATCHING = flags.DEFINE_bool(
    "batching",
    False,
    "Let the server batch requests of several clients. It then refuses the "
    "signatures sample and generate.",
)

TEMPLATES = pathlib.Path(__file__).parent / "bundle"
# A server reads what TensorFlow of its own minor version or an older one
# wrote; of a newer one TensorFlow does not promise it.
IMAGE = "tensorflow/serving:2.21.0"
HOME = "/bundle"  # Where the container has the bundle.
METRICS = "/monitoring/prometheus/metrics"
CPUS = 2
MEBIBYTES = 2048
USER = 65534  # "nobody", in Ubuntu too, of which the image is made.


def write_bundle(
    saved_models, output, version=None, canary_version=None, batching=False
):
    """Writes a bundle: all of it or nothing.

    Args:
        saved_models: Path of a folder as `export.saved_model` writes it.
        output: Path of the bundle. It must not exist, or be an empty folder.
        version: Integer, the stable version; `None` is the newest encoder's.
        canary_version: Integer, a second version, or `None`.
        batching: Boolean. Whether the server is to batch requests.

    Returns:
        Path of the bundle, absolute.

    Raises:
        InputError: if a version is missing in a servable, if both are the
            same, if the output holds something or cannot be written.
    """
    labels = _choose_labels(saved_models, version, canary_version)
    sources = {
        name: [servables.find(saved_models, name, v) for v in labels.values()]
        for name in _names(saved_models, labels["stable"])
    }
    output = pathlib.Path(output).absolute()
    with _appearing(output) as folder:
        for name, paths in sources.items():
            for path in paths:
                copy = folder / "models" / name / path.name
                shutil.copytree(path, copy, copy_function=_link_or_copy)
                if batching:
                    warmup.keep_batchable(copy, _max_batch_size(sources))
        config = text_format.MessageToString(_models_config(sources, labels))
        files.write_bytes(folder / "models.config", config.encode())
        values = _values(sources, labels, batching)
        for template in TEMPLATES.glob("*.*"):
            text = string.Template(template.read_text()).substitute(values)
            files.write_bytes(folder / template.name, text.encode())
    return output


def arguments(batching=False):
    """Returns the arguments of `tensorflow_model_server`."""
    common = [
        "--port=8500",
        "--rest_api_port=8501",
        f"--model_config_file={HOME}/models.config",
        # So that a canary can come and go while the server runs.
        "--model_config_file_poll_wait_seconds=30",
        # At its start no version is loaded yet, so no label could be given.
        "--allow_version_labels_for_unavailable_models=true",
        f"--monitoring_config_file={HOME}/monitoring.config",
        # Otherwise as many threads as the machine has processors.
        f"--tensorflow_intra_op_parallelism={CPUS}",
        f"--tensorflow_inter_op_parallelism={CPUS}",
    ]
    if not batching:
        return common
    file = f"--batching_parameters_file={HOME}/batching.config"
    return [*common, "--enable_batching=true", file]


def _choose_labels(saved_models, version, canary_version):
    encoder = servables.find(saved_models, "encoder", version)
    labels = {"stable": int(encoder.name)}
    if canary_version:
        labels["canary"] = canary_version
    if labels["stable"] == canary_version:
        raise InputError(
            "--canary_version must be another one than the stable version. "
            f"Received: {canary_version} for both"
        )
    return labels


def _names(saved_models, version):
    reconstructor = pathlib.Path(saved_models, "reconstructor", str(version))
    third = ["reconstructor"] if reconstructor.exists() else []
    return ["encoder", "decoder", *third]


@contextlib.contextmanager
def _appearing(output):
    """Yields a folder beside the output, which takes its name in the end."""
    with files.writable(output):
        if output.exists() and not (output.is_dir() and _is_empty(output)):
            raise InputError(
                "--output must be a folder that is new or empty. Received: "
                f"{output}, which exists"
            )
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=output.parent, prefix=".bundling."
        ) as temporary:
            # Not the temporary folder itself, which is closed to others.
            folder = pathlib.Path(temporary, output.name)
            folder.mkdir()
            yield folder
            os.rename(folder, output)


def _is_empty(folder):
    return not any(folder.iterdir())


def _link_or_copy(source, destination):
    # SavedModels are written once and then replaced as a whole, if at all.
    try:
        os.link(os.path.realpath(source), destination)
    except OSError:  # Another disk, or one without hard links.
        shutil.copy2(source, destination)


def _models_config(sources, labels):
    config = model_server_config_pb2.ModelServerConfig()
    for name in sources:
        model = config.model_config_list.config.add()
        model.name = name
        model.base_path = f"{HOME}/models/{name}"
        model.model_platform = "tensorflow"
        versions = labels.values()
        model.model_version_policy.specific.versions.extend(sorted(versions))
        model.version_labels.update(labels)
    return config


def _values(sources, labels, batching):
    """Returns what the templates leave open."""
    versions = ", ".join(f"{k} = version {v}" for k, v in labels.items())
    return {
        "app": "ali-serving",
        "image": IMAGE,
        "home": HOME,
        "metrics": METRICS,
        "user": USER,
        "cpus": CPUS,
        "compose_memory": f"{MEBIBYTES}m",
        "kubernetes_memory": f"{MEBIBYTES}Mi",
        "max_batch_size": _max_batch_size(sources),
        "compose_arguments": "\n      - ".join(arguments(batching)),
        "kubernetes_arguments": "\n            - ".join(arguments(batching)),
        "health_check": " &&\n          ".join(map(_ask, sources)),
        "served": f"{', '.join(sources)}; {versions}",
        "batching": "on; sample and generate are refused"
        if batching
        else "off",
    }


def _max_batch_size(sources):
    descriptions = [
        servables.read_description(path)
        for paths in sources.values()
        for path in paths
    ]
    sizes = [d["batch_size"] or warmup.BATCHING_LIMIT for d in descriptions]
    return min(sizes)


def _ask(name):
    """Returns a line of bash that fails unless a servable is available."""
    request = rf"GET /v1/models/{name} HTTP/1.0\r\n\r\n"
    connect = "exec 3<>/dev/tcp/127.0.0.1/8501"
    return f"{connect} && printf '{request}' >&3 && grep -q '\"AVAILABLE\"' <&3"


def main():
    """Writes the bundle."""
    output = write_bundle(
        common_flags.saved_models(),
        common_flags.output_folder(),
        common_flags.VERSION.value,
        CANARY_VERSION.value,
        BATCHING.value,
    )
    print(f"Wrote {output}.")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
