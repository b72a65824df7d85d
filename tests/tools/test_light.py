"""What is imported before it is needed: TensorFlow takes seconds."""

import sys

import pytest

from tests import programs

HEAVY = {"h5py", "keras", "matplotlib", "tensorflow", "tensorflow_datasets"}
FOLDERS = ("tools", "export")
# Programs that still import something of `HEAVY` before they parse flags.
STILL_HEAVY = {
    "tools.train",
    "export.encode_beam",
    "export.onnx_file",
    "export.saved_model",
    "export.serving",
    "export.tflite",
}


def program_names():
    """Modules that run as a program, such as tools.train."""
    paths = [path for f in FOLDERS for path in programs.CHECKOUT.glob(f"{f}/*")]
    for path in sorted(paths):
        source = path / "__main__.py" if path.is_dir() else path
        if source.suffix == ".py" and source.is_file():
            if "program.run(" in source.read_text():
                yield f"{path.parent.name}.{path.stem}"


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
    assert {"tools.train", "tools.launch", "export.saved_model"} <= names
    assert names >= STILL_HEAVY


@pytest.mark.parametrize("name", sorted({*program_names()} - STILL_HEAVY))
def test_help_loads_no_tensorflow(name):
    status, printed, packages = imported("-m", name, "--helpshort")
    assert status == 1  # As absl ends after help.
    assert "\nflags:\n" in printed
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
