"""What is imported before it is needed: TensorFlow takes seconds."""

import sys

import pytest

from tests import programs

HEAVY = {"h5py", "keras", "matplotlib", "tensorflow", "tensorflow_datasets"}
FOLDERS = ("tools", "export")


def program_names():
    """Modules and packages that run as a program, such as tools.train."""
    for folder in FOLDERS:
        for path in (programs.CHECKOUT / folder).rglob("*.py"):
            if "program.run(" in path.read_text():
                parts = (
                    path.relative_to(programs.CHECKOUT).with_suffix("").parts
                )
                yield ".".join(p for p in parts if not p.startswith("__"))


def imported(*arguments):
    """Runs Python; returns its status, stdout, and the packages it imported."""
    status, printed, errors = programs.run(
        sys.executable, "-X", "importtime", *arguments
    )
    lines = [x for x in errors.splitlines() if x.startswith("import time:")]
    modules = {line.rpartition("|")[2].strip() for line in lines}
    assert "sys" in modules or len(modules) > 10, errors
    return status, printed, {module.split(".")[0] for module in modules}


def test_all_programs_are_found():
    names = set(program_names())
    assert {"tools.train", "tools.documents", "export.tflite"} <= names


@pytest.mark.parametrize("name", sorted({*program_names()}))
def test_help_loads_no_tensorflow(name):
    status, printed, packages = imported("-m", name, "--helpshort")
    assert status == 1  # As absl ends after help.
    assert "Try --helpfull" in printed
    assert not packages & HEAVY


def test_a_flag_that_is_refused_loads_no_tensorflow():
    status, _, packages = imported("-m", "tools.generate", "--no_such_flag")
    assert status == 1
    assert not packages & HEAVY


def test_the_client_loads_numpy_and_grpc_alone():
    status, _, packages = imported("-c", "import ali_keras.client")
    assert status == 0
    assert {"numpy", "grpc"} <= packages
    assert not packages & {*HEAVY, "tensorflow_serving", "PIL", "sklearn"}


def test_the_package_loads_nothing_before_its_names_are_used():
    status, _, packages = imported("-c", "import ali_keras")
    assert status == 0
    assert not packages & {*HEAVY, "numpy"}
