"""How the bundle starts the server: settings, container, pod."""

import json
import shutil

import pytest
import tensorflow as tf
import yaml
from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import message_factory
from google.protobuf import text_format
from google.protobuf import wrappers_pb2

from export import warmup
from export.serving import settings
from export.serving.write import write_bundle
from tests import programs

# Messages that the server reads and its wheel lacks. Its sources have them in
# servables/tensorflow/session_bundle_config.proto, config/monitoring_config.
SIZE = 'type: TYPE_MESSAGE type_name: ".google.protobuf.Int64Value"'
MESSAGES = f"""
name: "serving.proto"
syntax: "proto3"
dependency: "google/protobuf/wrappers.proto"
message_type {{
  name: "BatchingParameters"
  field {{ name: "max_batch_size" number: 1 {SIZE} }}
  field {{ name: "batch_timeout_micros" number: 2 {SIZE} }}
  field {{ name: "max_enqueued_batches" number: 3 {SIZE} }}
  field {{ name: "num_batch_threads" number: 4 {SIZE} }}
}}
message_type {{
  name: "PrometheusConfig"
  field {{ name: "enable" number: 1 type: TYPE_BOOL }}
  field {{ name: "path" number: 2 type: TYPE_STRING }}
}}
message_type {{
  name: "MonitoringConfig"
  field {{
    name: "prometheus_config"
    number: 1
    type: TYPE_MESSAGE
    type_name: ".PrometheusConfig"
  }}
}}
"""
HAS_COMPOSE = (
    shutil.which("docker")
    and programs.run("docker", "compose", "version")[0] == 0
)


def write(folder, batch_size=None, **options):
    """Writes a bundle of servables that are there only by name."""
    for name in ("encoder", "decoder"):
        path = folder / "saved_models" / name / "1"
        (path / "assets.extra").mkdir(parents=True)
        (path / "saved_model.pb").touch()
        (path / warmup.FILE).touch()
        description = json.dumps({"batch_size": batch_size})
        (path / "assets.extra" / "servable.json").write_text(description)
    return write_bundle(folder / "saved_models", folder / "bundle", **options)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def compose(bundle):
    """The one service of docker-compose.yml."""
    file = yaml.safe_load((bundle / "docker-compose.yml").read_text())
    [service] = file["services"].values()
    return service


@pytest.fixture(scope="module")
def kubernetes(bundle):
    """The objects of kubernetes.yaml by their kind."""
    objects = yaml.safe_load_all((bundle / "kubernetes.yaml").read_text())
    return {each["kind"]: each for each in objects}


@pytest.fixture(scope="module")
def pod(kubernetes):
    return kubernetes["Deployment"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod):
    [container] = pod["containers"]
    return container


def read(path, name):
    """Reads a file as the message of TF Serving that it must be."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(text_format.Parse(MESSAGES, descriptor_pb2.FileDescriptorProto()))
    found = pool.FindMessageTypeByName(name)
    message = message_factory.GetMessageClass(found)()
    return text_format.Parse(path.read_text(), message)


@pytest.mark.parametrize(
    ("batch_size", "limit"), [(None, warmup.BATCHING_LIMIT), (8, 8)]
)
def test_batches_grow_as_large_as_those_of_the_warm_up(
    tmp_path, batch_size, limit
):
    bundle = write(tmp_path, batch_size)
    parameters = read(bundle / "batching.config", "BatchingParameters")
    assert parameters.max_batch_size.value == limit
    assert parameters.batch_timeout_micros.value == 2000
    assert parameters.num_batch_threads.value == settings.CPUS


def test_batching_is_off_unless_asked_for(bundle, tmp_path):
    batching = write(tmp_path, batching=True)
    for name in ("docker-compose.yml", "kubernetes.yaml"):
        assert "batching" not in (bundle / name).read_text()
        text = (batching / name).read_text()
        assert "--enable_batching=true" in text
        assert "--batching_parameters_file=/bundle/batching.config" in text


def test_metrics_are_where_prometheus_looks(bundle, kubernetes):
    config = read(bundle / "monitoring.config", "MonitoringConfig")
    assert config.prometheus_config.enable
    path = config.prometheus_config.path
    assert path == "/monitoring/prometheus/metrics"
    template = kubernetes["Deployment"]["spec"]["template"]
    annotations = template["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == path


def test_the_image_is_that_of_the_tensorflow_that_writes(compose, container):
    assert compose["image"] == container["image"] == settings.IMAGE
    _, _, tag = settings.IMAGE.partition(":")
    assert tag.split(".")[:2] == tf.__version__.split(".")[:2]


def test_the_container_has_few_rights(compose):
    assert compose["user"] == "65534:65534"
    assert compose["read_only"] is True
    assert compose["cap_drop"] == ["ALL"]
    assert compose["security_opt"] == ["no-new-privileges:true"]
    assert len(compose["tmpfs"]) == 1
    [volume] = compose["volumes"]
    assert volume["read_only"] is True and volume["target"] == "/bundle"
    assert not {"privileged", "network_mode", "pid", "cap_add"} & set(compose)
    limits = compose["deploy"]["resources"]["limits"]
    assert limits == {"cpus": "2", "memory": "2048m", "pids": 1024}


def test_the_ports_are_open_to_this_machine_alone(compose):
    ports = ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
    assert compose["ports"] == ports


def test_the_pod_has_few_rights(pod, container):
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65534
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    context = container["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    limits = container["resources"]["limits"]
    assert limits == {"cpu": "2", "memory": "2048Mi"}


def test_the_pod_sees_the_bundle_and_cannot_change_it(pod, container):
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert volumes.keys() == mounts.keys()
    assert volumes["bundle"]["persistentVolumeClaim"]["readOnly"] is True
    assert mounts["bundle"]["mountPath"] == settings.HOME
    assert mounts["bundle"]["readOnly"] is True


def test_the_pod_is_probed_by_the_state_of_its_models(bundle, container):
    paths = {
        container[f"{kind}Probe"]["httpGet"]["path"]
        for kind in ("startup", "readiness", "liveness")
    }
    names = {path.name for path in (bundle / "models").iterdir()}
    assert paths == {f"/v1/models/{name}" for name in names}


def test_the_service_finds_the_pod(kubernetes, container):
    service, deployment = kubernetes["Service"], kubernetes["Deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == labels
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert service["spec"]["type"] == "ClusterIP"
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    ports = {p["targetPort"]: p["port"] for p in service["spec"]["ports"]}
    assert ports == named == {"grpc": 8500, "rest": 8501}
    for kind in ("startup", "readiness", "liveness"):
        assert container[f"{kind}Probe"]["httpGet"]["port"] == "rest"


def test_both_ways_start_the_server_alike(bundle, compose, container):
    assert compose["entrypoint"] == container["command"]
    assert compose["command"] == container["args"] == settings.arguments()
    values = dict(argument.split("=") for argument in compose["command"])
    # Else no label could be given when the server starts.
    assert values["--allow_version_labels_for_unavailable_models"] == "true"
    named = [v for v in values.values() if v.startswith(settings.HOME)]
    assert len(named) == 2
    for value in named:
        assert (bundle / value.removeprefix("/bundle/")).is_file()


@pytest.mark.skipif(not HAS_COMPOSE, reason="Needs docker compose.")
def test_docker_compose_accepts_the_file(bundle):
    file = f"--file={bundle}/docker-compose.yml"
    status, _, errors = programs.run("docker", "compose", file, "config")
    assert status == 0, errors
