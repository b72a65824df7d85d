"""The flags of every program, as its help lists them."""

import contextlib
import importlib
import io
import re

from absl import app
from absl import flags
from absl.testing import flagsaver

from tests import programs

PROGRAMS = (
    "tools.encode",
    "tools.evaluate",
    "tools.generate",
    "tools.interpolate",
    "tools.launch",
    "tools.reconstruct",
    "tools.train",
    "export.encode_beam",
    "export.onnx_file",
    "export.saved_model",
    "export.serving",
    "export.tflite",
)
FLAG = re.compile(r"  --(\[no\])?(\w+): (?:<([^>]*)>: )?")


def list_flags(program):
    """Lists the flags that a program's --helpshort shows.

    Args:
        program: String, one of `PROGRAMS`.

    Returns:
        Dictionary by flag: "boolean", "choices" (or `None`), "default" (or
        `None`) and "rule", what it accepts in absl's words (or `None`).
    """
    module = importlib.import_module(program)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), flagsaver.flagsaver():
        # absl defines it once a process, and flagsaver takes it away.
        app.define_help_flags()
        if "helpshort" not in flags.FLAGS:
            flags.DEFINE_flag(app.HelpshortFlag())
        programs.start(module, "--helpshort")
    return parse(printed.getvalue())


def parse(text):
    """Returns the flags in the text of a help, see `list_flags`."""
    # A long list of choices goes on in the next lines, cut anywhere.
    text = re.sub(r"\n {4}(?!\()", " ", text)
    found = {}
    for line in text.splitlines():
        match = FLAG.match(line)
        if match:
            is_boolean, name, choices = match.groups()
            flag = found[name] = {
                "boolean": bool(is_boolean),
                "choices": choices and re.sub(r"\s", "", choices).split("|"),
                "default": None,
                "rule": None,
            }
        elif line.startswith("    (default: "):
            flag["default"] = line.strip()[len("(default: ") : -1].strip("'")
        elif line.startswith("    ("):
            flag["rule"] = line.strip()[1:-1]
    return found
