"""The text of a program's help, with the name by which it was started."""

import pathlib
import re
import sys

from ali_keras.errors import PACKAGE


def of(module):
    """Returns a program's docstring, its own command named as it is.

    Args:
        module: The module of the program.
    """
    text, name = module.__doc__ or "", module.__name__
    if not name.startswith(PACKAGE):
        return text  # A checkout's: `python -m tools.NAME`.
    own = name.removeprefix(PACKAGE).removesuffix(".__main__")
    script = pathlib.Path(sys.argv[0]).name
    return re.sub(rf"python -m {re.escape(own)}\b", script, text)
