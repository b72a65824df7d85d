"""How a bundle starts the server: its arguments, and what templates lack."""

from tensorflow_serving.config import model_server_config_pb2

from .. import servables
from .. import warmup

# A server reads what TensorFlow of its own minor version or an older one
# wrote; of a newer one TensorFlow does not promise it.
IMAGE = "tensorflow/serving:2.21.0"
HOME = "/bundle"  # Where the container has the bundle.
METRICS = "/monitoring/prometheus/metrics"
CPUS = 2
MEBIBYTES = 2048
USER = 65534  # "nobody", in Ubuntu too, of which the image is made.


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


def models_config(sources, labels):
    """Returns which versions are served, and under which labels.

    Args:
        sources: Dictionary: for each servable the paths of its versions.
        labels: Dictionary of the versions by label.

    Returns:
        `ModelServerConfig`.
    """
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


def template_values(sources, labels, batching):
    """Returns what the templates leave open.

    Args:
        sources: Dictionary: for each servable the paths of its versions.
        labels: Dictionary of the versions by label.
        batching: Boolean. Whether the server is to batch requests.

    Returns:
        Dictionary of strings and numbers by their names in the templates.
    """
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
        "max_batch_size": max_batch_size(sources),
        "compose_arguments": "\n      - ".join(arguments(batching)),
        "kubernetes_arguments": "\n            - ".join(arguments(batching)),
        "health_check": " &&\n          ".join(map(_ask, sources)),
        "served": f"{', '.join(sources)}; {versions}",
        "batching": "on; sample and generate are refused"
        if batching
        else "off",
    }


def max_batch_size(sources):
    """Returns how many rows the server may join, at most."""
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
