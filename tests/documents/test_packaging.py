"""The wheel: what it installs, and that its programs run in any folder."""

import ast
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile

import pytest

import ali_keras

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
# Folders of the checkout and where the wheel has them.
INSTALLED_AS = {
    "ali_keras": "ali_keras",
    "tools": "ali_keras/tools",
    "export": "ali_keras/export",
}
# Makes the documents of a checkout.
NOT_INSTALLED = CHECKOUT / "tools" / "documents"
TOOLS = (
    "encode evaluate generate interpolate label-curve launch probe reconstruct "
    "select train"
).split()
EXPORTERS = [
    "encode-beam",
    "export",
    "export-onnx",
    "export-serving",
    "export-tflite",
]
PICKLERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
EVALUATORS = {"eval", "exec"}
# The first unpickles arrays, the second runs code that a model file brings.
UNSAFE_ARGUMENTS = {("allow_pickle", True), ("safe_mode", False)}


def run(*command, folder):
    """Runs a command that cannot see the checkout, unless it is in it."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Builds from a copy: a build leaves its litter beside the sources."""
    sources = tmp_path_factory.mktemp("sources")
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, sources)
    for name in (*INSTALLED_AS, "tests"):
        shutil.copytree(
            CHECKOUT / name,
            sources / name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    pip_wheel = [sys.executable, "-m", "pip", "wheel", ".", "--no-index"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir=wheels"]
    result = run(*pip_wheel, *options, folder=sources)
    assert result.returncode == 0, result.stdout + result.stderr
    [path] = (sources / "wheels").iterdir()
    return path


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """Installs the wheel where only its dependencies are visible."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    pip_install = [sys.executable, "-m", "pip", "--python", python, "install"]
    result = run(*pip_install, "--no-deps", "--no-index", wheel, folder=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    # After pip, which would take what it sees there for its own to replace.
    [site_packages] = folder.glob("lib/*/site-packages")
    paths = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (site_packages / "dependencies.pth").write_text("\n".join(sorted(paths)))
    return folder


def test_wheel_installs_one_top_level_name(wheel):
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    metadata = f"ali_keras-{ali_keras.__version__}.dist-info"
    assert names == {"ali_keras", metadata}


def test_wheel_has_all_modules(wheel):
    expected = {
        f"{target}/{path.relative_to(CHECKOUT / folder).as_posix()}"
        for folder, target in INSTALLED_AS.items()
        for path in (CHECKOUT / folder).rglob("*.py")
        if NOT_INSTALLED not in path.parents
    }
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if name.endswith(".py")} == expected


@pytest.mark.parametrize(
    ("package", "names"),
    [("ali_keras.tools", TOOLS), ("ali_keras.export", EXPORTERS)],
)
def test_console_scripts_resolve(environment, tmp_path, package, names):
    code = (
        "import importlib.metadata as metadata\n"
        "for script in metadata.entry_points(group='console_scripts'):\n"
        f"    if script.value.startswith('{package}.'):\n"
        "        print(script.name, script.load().__name__)\n"
    )
    result = run(environment / "bin" / "python", "-c", code, folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert set(result.stdout.splitlines()) == {f"ali-{n} run" for n in names}
    assert all((environment / "bin" / f"ali-{name}").exists() for name in names)


@pytest.mark.slow
def test_installed_train_runs_dry(environment, tmp_path):
    flags = ["--dataset=mnist_5k", "--preset=mnist", "--workdir=run"]
    program = environment / "bin" / "ali-train"
    result = run(program, *flags, "--dry_run", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "latent_dim" in result.stdout
    assert not (tmp_path / "run").exists()


def test_installed_help_names_the_script(environment, tmp_path):
    program = environment / "bin" / "ali-train"
    result = run(program, "--helpshort", folder=tmp_path)
    assert "\nali-train --dataset=mnist_5k" in result.stdout
    assert "python -m" not in result.stdout
    launch = environment / "bin" / "ali-launch"
    result = run(launch, "--helpshort", folder=tmp_path)
    assert "\nali-launch --num_workers=2 -- ali-train " in result.stdout


def test_installed_export_names_missing_workdir(environment, tmp_path):
    flags = ["--workdir=missing", "--output=exported"]
    program = environment / "bin" / "ali-export"
    result = run(program, *flags, folder=tmp_path)
    assert result.returncode not in (0, 1)  # 1 is a traceback's.
    assert "Traceback" not in result.stderr
    errors = re.findall("^error: .*", result.stderr, flags=re.MULTILINE)
    assert len(errors) == 1 and "missing" in errors[0]
    assert "as ali-train writes it" in errors[0]
    assert not list(tmp_path.iterdir())


def imported_names(source, package):
    """Yields all that a module imports, in full: `package.module.name`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            origin = importlib.util.resolve_name(relative, package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def crossing_imports(source, folder, other):
    """Lists imports of one folder of programs by a module of another."""
    across = re.compile(rf"(ali_keras\.)?{other}(\.|$)")
    names = imported_names(source, package=f"ali_keras.{folder}")
    return [name for name in names if across.match(name)]


def unsafe_uses(source):
    """Yields what a module uses that can run code out of data."""
    for name in imported_names(source, package="ali_keras.any"):
        if name.split(".")[0] in PICKLERS:
            yield name
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in EVALUATORS:
            yield node.id
        if isinstance(node, ast.keyword):
            value = getattr(node.value, "value", None)
            if (node.arg, value) in UNSAFE_ARGUMENTS:
                yield node.arg


@pytest.mark.parametrize(
    ("folder", "other"), [("tools", "export"), ("export", "tools")]
)
def test_tools_and_export_are_apart(folder, other):
    modules = list((CHECKOUT / folder).rglob("*.py"))
    assert modules
    for module in modules:
        assert not crossing_imports(module.read_text(), folder, other), module


def test_nothing_runs_code_out_of_data():
    skipped = {"build", "dist", "runs"}
    for path in CHECKOUT.rglob("*.py"):
        top = path.relative_to(CHECKOUT).parts[0]
        if not top.startswith(".") and top not in skipped:
            assert not list(unsafe_uses(path.read_text())), path


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "run = exec",
        "np.load(path, allow_pickle=True)",
        "keras.models.load_model(path, safe_mode=False)",
    ],
)
def test_unsafe_uses_are_found(source):
    assert list(unsafe_uses(source))


@pytest.mark.parametrize(
    "source",
    [
        "import export.saved_model",
        "from export import saved_model",
        "from ali_keras import export",
        "from .. import export",
        "from ..export.saved_model import main",
    ],
)
def test_crossing_imports_are_found(source):
    assert crossing_imports(source, "tools", "export")
