"""The one exception that programs print as a line instead of a traceback."""


class InputError(ValueError):
    """Input that a person can mend: a flag, a path, a data set, a file.

    The message names the rule, what is allowed and what was received, in one
    line. `ali_keras.program.run` prints it and exits with status 2.
    """
