"""The manifests of docs/scaling.md: sound, and with a TF_CONFIG that fits."""

import os
import re
import shlex
import subprocess

import pytest
import yaml

from ali_keras.distribution import cluster
from tests import programs
from tools import train

DOCS = programs.CHECKOUT / "docs"
MANIFESTS = DOCS / "scaling"
NUM_WORKERS = 4


def manifest(name):
    """All objects of a manifest, by their kind."""
    objects = yaml.safe_load_all((MANIFESTS / name).read_text())
    return {item["kind"]: item for item in objects}


def fake(folder, name, text):
    """Makes a program that stands in for one that this machine lacks."""
    path = folder / name
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def run(folder, *command, **variables):
    environment = {**os.environ, **variables}
    environment["PATH"] = f"{folder}:{environment['PATH']}"
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, cwd=folder
    )


def check_flags(words, capsys):
    """A manifest's command is one that tools.train takes."""
    program, *flags = words
    assert program == "ali-train"
    assert programs.start(train, *flags, "--dry_run") == 0
    match = re.search(r"batch_size\W+(\d+)", capsys.readouterr().out)
    assert int(match[1]) % NUM_WORKERS == 0


def check_workers(texts, monkeypatch):
    """All of these TF_CONFIGs are of one cluster, a task each."""
    read = []
    for text in texts:
        monkeypatch.setenv("TF_CONFIG", text)
        read.append(cluster.read())
    assert [workers.index for workers in read] == list(range(NUM_WORKERS))
    [addresses] = {workers.addresses for workers in read}
    assert len(addresses) == NUM_WORKERS
    return addresses


# What a program that stands in for ali-train tells of itself.
TELL = 'tr -d "\\n" <<< "$TF_CONFIG"; echo; echo ali-train "$@" >&2'


def test_the_page_links_to_all_manifests():
    page = (DOCS / "scaling.md").read_text()
    linked = set(re.findall(r"\(scaling/([\w.]+)\)", page))
    assert linked == {path.name for path in MANIFESTS.iterdir()}


def test_the_tests_that_the_page_names_exist():
    page = (DOCS / "scaling.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", page))
    sources = (programs.CHECKOUT / "tests").glob("**/test_*.py")
    source = "\n".join(path.read_text() for path in sources)
    assert named and named <= set(re.findall(r"^def (test_\w+)", source, re.M))


def test_the_claim_is_for_many_writers():
    claim = manifest("workdir.yaml")["PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]


def test_tfjob(capsys):
    spec = manifest("tfjob.yaml")["TFJob"]["spec"]
    replicas = spec["tfReplicaSpecs"]
    assert set(replicas) == {"Chief", "Worker"}
    assert replicas["Chief"]["replicas"] == 1
    assert sum(r["replicas"] for r in replicas.values()) == NUM_WORKERS
    for replica in replicas.values():
        assert replica["restartPolicy"] == "ExitCode"
        [container] = replica["template"]["spec"]["containers"]
        assert container["name"] == "tensorflow"
        assert container["ports"][0]["name"] == "tfjob-port"
        check_volume(replica["template"]["spec"])
    check_flags(container["command"] + container["args"], capsys)


def check_volume(pod):
    claim = manifest("workdir.yaml")["PersistentVolumeClaim"]
    [volume] = pod["volumes"]
    [container] = pod["containers"]
    [mount] = container["volumeMounts"]
    name = volume["persistentVolumeClaim"]["claimName"]
    assert name == claim["metadata"]["name"]
    assert mount["name"] == volume["name"]
    arguments = " ".join(container["args"])
    assert f"--workdir={mount['mountPath']}/" in arguments
    assert f"--data_dir={mount['mountPath']}/" in arguments


def test_job():
    objects = manifest("job.yaml")
    job, service = objects["Job"], objects["Service"]
    name, spec = job["metadata"]["name"], job["spec"]
    pod = spec["template"]["spec"]
    assert spec["completionMode"] == "Indexed"
    assert spec["completions"] == spec["parallelism"] == NUM_WORKERS
    assert spec["podReplacementPolicy"] == "Failed"
    assert pod["restartPolicy"] == "Never"  # As podFailurePolicy wants it.
    assert service["spec"]["clusterIP"] == "None"
    assert service["metadata"]["name"] == pod["subdomain"]
    labels = {"batch.kubernetes.io/job-name": name}
    assert service["spec"]["selector"] == labels
    check_volume(pod)
    _, fail = spec["podFailurePolicy"]["rules"]
    assert fail["action"] == "FailJob"
    assert fail["onExitCodes"]["containerName"] == pod["containers"][0]["name"]
    assert cluster.WORKER_LOST not in fail["onExitCodes"]["values"]


def test_the_job_makes_tf_config(tmp_path, monkeypatch, capsys):
    job = manifest("job.yaml")["Job"]
    [container] = job["spec"]["template"]["spec"]["containers"]
    [number] = container["env"]
    assert number == {"name": "NUM_WORKERS", "value": str(NUM_WORKERS)}
    fake(tmp_path, "ali-train", TELL)
    results = [
        run(
            tmp_path,
            *container["command"],
            *container["args"],
            NUM_WORKERS=number["value"],
            JOB_COMPLETION_INDEX=str(index),
        )
        for index in range(NUM_WORKERS)
    ]
    addresses = check_workers([r.stdout for r in results], monkeypatch)
    assert addresses[1] == "ali-train-1.ali-train:2222"
    check_flags(shlex.split(results[0].stderr), capsys)


SRUN = """
shift  # --kill-on-bad-exit=1
for rank in 0 1 2 3; do SLURM_PROCID=$rank "$@" || status=$?; done
exit ${status:-0}
"""
SCONTROL = """
case $1 in
    show) printf 'node%s\\n' 1 2 3 4 ;;
    requeue) echo requeued $2 >&2 ;;
esac
"""


def run_slurm(folder, train_program, restarts="0"):
    fake(folder, "srun", SRUN)
    fake(folder, "scontrol", SCONTROL)
    fake(folder, "ali-train", train_program)
    return run(
        folder,
        "bash",
        str(MANIFESTS / "train.sbatch"),
        SLURM_JOB_ID="1234567",
        SLURM_JOB_NODELIST="node[1-4]",
        SLURM_RESTART_COUNT=restarts,
    )


def test_slurm_makes_tf_config(tmp_path, monkeypatch, capsys):
    result = run_slurm(tmp_path, TELL)
    assert result.returncode == 0
    addresses = check_workers(result.stdout.splitlines(), monkeypatch)
    assert addresses == tuple(f"node{n}:24567" for n in (1, 2, 3, 4))
    check_flags(shlex.split(result.stderr.splitlines()[0]), capsys)


@pytest.mark.parametrize(
    ("status", "restarts", "again"),
    [(138, "0", True), (143, "2", True), (138, "3", False), (2, "0", False)],
)
def test_slurm_starts_again_where_that_may_help(
    tmp_path, status, restarts, again
):
    result = run_slurm(tmp_path, f"exit {status}", restarts)
    assert result.returncode == status
    assert ("requeued 1234567" in result.stderr) == again
