"""The house rules of size: no function over 40 lines, no module over 300."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = ("ali_keras", "benchmarks", "export", "tests", "tools")
# The top of the library has the names that users import as well.
NUM_MODULES = {"ali_keras": 16}
MODULES = sorted(p for f in FOLDERS for p in (ROOT / f).rglob("*.py"))


def num_lines(function):
    """Lines of a function without its docstring."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines


def test_a_docstring_does_not_count():
    text = 'def f(x):\n    """One.\n\n    Two.\n    """\n    return x\n'
    [function] = ast.parse(text).body
    assert num_lines(function) == 2


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES}))
def test_packages_have_a_dozen_modules_at_most(folder):
    modules = {path.name for path in MODULES if path.parent == folder}
    assert len(modules - {"__init__.py", "__main__.py"}) <= NUM_MODULES.get(
        folder.relative_to(ROOT).as_posix(), 12
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.name))
def test_modules_and_functions_are_short(path):
    text = path.read_text()
    assert text.count("\n") <= 300
    long = {
        node.name: num_lines(node)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and num_lines(node) > 40
    }
    assert long == {}
