"""The text of a program's help, with programs named as they are started."""

import re

from ali_keras.errors import command


def of(module):
    """Returns a program's docstring; its commands are those that work here.

    Args:
        module: The module of the program.
    """
    text = module.__doc__ or ""
    return re.sub(
        r"python -m ((tools|export)\.\w+)", lambda x: command(x[1]), text
    )
