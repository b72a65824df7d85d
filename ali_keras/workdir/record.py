"""Describes a run for its record: command, commit, versions, machine."""

import importlib.metadata
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = (
    "tensorflow",
    "keras",
    "tensorflow-datasets",
    "numpy",
    "scikit-learn",
)


def describe_run(epochs):
    """Describes the run of this process.

    Args:
        epochs: Integer. Epochs that have been trained in all.

    Returns:
        Dictionary that `json` can write.
    """
    return {
        "epochs": epochs,
        "command": f"{_program()} {shlex.join(sys.argv[1:])}",
        "commit": commit(),
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in PACKAGES},
        },
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "num_cores": os.cpu_count(),
        },
    }


def commit():
    """Returns the commit of the checkout that runs, or `None` if installed.

    It ends in "+" if files differ from the commit.
    """
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return head and head + ("+" if changed else "")


def _program():
    module = getattr(sys.modules["__main__"], "__spec__", None)
    return f"python -m {module.name}" if module else Path(sys.argv[0]).name


def _git(root, *arguments):
    try:
        return subprocess.run(  # noqa: S603
            [shutil.which("git") or "git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor():
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor()
