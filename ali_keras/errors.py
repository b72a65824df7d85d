"""The exceptions that programs print as a line instead of a traceback.

And what a line is made of: the command of a program, the words of an error.
"""

import importlib.metadata
import importlib.util

PACKAGE = "ali_keras."  # A wheel has the programs below it.


class InputError(ValueError):
    """Input that a person can mend: a flag, a path, a data set, a file.

    The message names the rule, what is allowed and what was received, in one
    line. `command_line.program.run` prints it and exits with status 2.
    """


class NonFiniteError(InputError):
    """Training has left the finite numbers.

    Args:
        step: Integer. Number of steps after which it was seen.
        terms: Names of the losses or variables that are not finite.
        reason: String. What must hold instead.
    """

    def __init__(
        self, step, terms, reason="Losses and variables must stay finite"
    ):
        super().__init__(
            f"{reason}. Received: after step {step}, {', '.join(terms)}"
        )
        self.step = step
        self.terms = list(terms)


class Terminated(BaseException):
    """SIGTERM: whoever runs this machine wants the process to end."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during training, after which a checkpoint has been written."""


def first_line(error):
    """Returns the first line of what an exception says, or what it is."""
    line = str(error).strip().split("\n")[0] or type(error).__name__
    return line if len(line) <= 500 else f"{line[:500]}..."


def command(module):
    """Returns the command that starts a program here.

    Args:
        module: String, the program in a checkout, such as "tools.train".

    Returns:
        String: "python -m tools.train" in a checkout, "ali-train" where the
        wheel is installed.
    """
    if importlib.util.find_spec(f"{PACKAGE}tools") is None:
        return f"python -m {module}"
    program = f"{PACKAGE}{module}"
    scripts = importlib.metadata.entry_points(
        group="console_scripts", value=f"{program}:run"
    )
    # Copied without its metadata, the package has no scripts.
    names = [script.name for script in scripts]
    return names[0] if names else f"python -m {program}"
