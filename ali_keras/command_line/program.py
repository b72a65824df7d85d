"""How a program runs: errors that people can mend are one line."""

import sys

from absl import app
from absl import flags
from absl import logging

from ali_keras.command_line import common_flags
from ali_keras.command_line import help_text
from ali_keras.command_line import interrupts
from ali_keras.command_line import memory
from ali_keras.command_line import startup
from ali_keras.command_line import words
from ali_keras.distribution import cluster
from ali_keras.distribution import signals
from ali_keras.errors import InputError
from ali_keras.errors import Terminated

USAGE_ERROR = 2


def run(main, takes_command=False, tensorflow=True):
    """Runs an absl program.

    Args:
        main: Function without arguments. `InputError` is printed as one line
            and ends the program with status 2, Ctrl-C with status 130,
            SIGTERM with status 143, the loss of a worker with status 138.
            It may return another status.
        takes_command: Boolean. Whether `main` takes the list of arguments
            that are no flags.
        tensorflow: Boolean. Whether to load TensorFlow before `main` runs:
            quietly, unless --verbosity asks for more than warnings.
    """

    def guarded(argv):
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.WARNING)  # TFDS tells much.
        words.print_any_text(sys.stdout)
        status, message = _run_guarded(
            main, argv[1:], takes_command, tensorflow
        )
        if message:
            print(message, file=sys.stderr)
        if status and cluster.joined.is_set():
            cluster.leave(status)
        return status

    _list_flags_in_help(main)
    app.run(guarded)


def _run_guarded(main, arguments, takes_command, tensorflow):
    """Returns the status of a program, and the line that tells of its end."""
    try:
        if arguments and not takes_command:
            raise InputError(
                "Arguments must be flags, --name=value. Received: "
                f"{' '.join(arguments)}"
            )
        common_flags.check_declared(main.__module__)
        words.check_flags()
        with signals.handled_by(signals.terminate):
            if tensorflow:
                startup.load_tensorflow(show_notes=logging.level_info())
            return _run_main(main, *([arguments] if takes_command else []))
    except InputError as error:
        return USAGE_ERROR, f"error: {error}"
    except _outer_errors() as error:
        return _describe_outer(error, main.__module__)
    except KeyboardInterrupt as interrupt:
        return interrupts.INTERRUPTED, str(interrupt) or interrupts.NOTICE
    except Terminated as notice:
        return signals.TERMINATED, notice


def _run_main(main, *arguments):
    with interrupts.handled() as interrupt:
        try:
            return main(*arguments) or 0, None
        except Exception:
            if interrupt.received:  # Some library took it for its own error.
                raise KeyboardInterrupt from None
            raise


def _describe_outer(error, module):
    """Returns the status and the line of one of `_outer_errors`."""
    if memory.is_exhausted(error):
        return USAGE_ERROR, f"error: {memory.describe(error, module)}"
    if cluster.is_worker_loss(error):
        return cluster.WORKER_LOST, f"error: {cluster.describe_loss(error)}"
    reason = getattr(error, "message", None) or str(error)
    return USAGE_ERROR, (
        "error: A file could not be read or written, or is damaged. "
        f"Received: {' '.join(reason.split())}"
    )


def _outer_errors():
    """Returns the errors of files, places, data, memory and other workers."""
    errors = (OSError, MemoryError, cluster.WorkerLost)
    # What was not loaded has raised nothing.
    tensorflow = sys.modules.get("tensorflow")
    if hasattr(tensorflow, "errors"):
        errors += (tensorflow.errors.OpError,)
    return errors


def _list_flags_in_help(main):
    # absl looks for flags and text under the script's name, which is no
    # module's where a console script or `python -m` starts the program.
    for flag in flags.FLAGS.get_key_flags_for_module(main.__module__):
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    module = sys.modules[main.__module__]
    sys.modules["__main__"].__doc__ = help_text.of(module)
