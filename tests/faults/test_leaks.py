"""Memory, threads and files stay flat over many epochs, seen from outside."""

import json
import pathlib
import statistics
import time

import pytest

from ali_keras.workdir.workdir import Workdir
from tests import programs

EPOCHS = 50
SETTLED = 10  # Epochs after which all is warm: the first pictures are drawn.


def num_epochs(workdir):
    if not workdir.history.exists():
        return 0
    return len(json.loads(workdir.history.read_text())["seconds"])


def usage(process):
    """Resident memory in MiB, number of threads and of open files."""
    proc = pathlib.Path("/proc") / str(process.pid)
    lines = (proc / "status").read_text().splitlines()
    status = dict(line.split(":\t") for line in lines if ":\t" in line)
    return (
        int(status["VmRSS"].split()[0]) / 1024,
        int(status["Threads"]),
        len(list((proc / "fd").iterdir())),
    )


def measure(process, workdir):
    """What a training used at the end of each epoch."""
    usages = []
    while process.poll() is None and len(usages) < EPOCHS:
        if num_epochs(workdir) > len(usages):
            usages.append(usage(process))
        time.sleep(0.005)
    return usages


@pytest.mark.exhaustive
def test_fifty_epochs_need_what_ten_do(data_dir, tmp_path):
    workdir = Workdir(tmp_path / "run")
    with programs.open_train(
        *programs.SMALL,
        f"--data_dir={data_dir}",
        f"--workdir={workdir.path}",
        f"--epochs={EPOCHS}",
        "--checkpoint_every_steps=1",
    ) as process:
        usages = measure(process, workdir)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert len(usages) == EPOCHS
    # After the last epoch there are pictures.
    memory, threads, files = zip(*usages[SETTLED:-1], strict=True)
    print("MiB", memory, "threads", threads, "files", files)  # If it fails.
    early, late = (
        statistics.median(part) for part in (memory[:10], memory[-10:])
    )
    assert late - early < 0.05 * early
    assert max(threads) == threads[0]
    assert statistics.median(files[-10:]) == statistics.median(files[:10])
    assert any((workdir.path / "logs").rglob("events*"))
