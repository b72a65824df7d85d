"""How a program runs: errors that people can mend are one line."""

import sys

from absl import app
from absl import flags
from absl import logging

from ali_keras.errors import InputError

USAGE_ERROR = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it.


def run(main):
    """Runs an absl program.

    Args:
        main: Function without arguments. `InputError` is printed as one line
            and ends the program with status 2, Ctrl-C with status 130.
    """

    def guarded(argv):
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.WARNING)  # TFDS tells much.
        try:
            if len(argv) > 1:
                raise InputError(
                    "Arguments must be flags, --name=value. Received: "
                    f"{' '.join(argv[1:])}"
                )
            main()
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            return USAGE_ERROR
        except KeyboardInterrupt:
            print(
                "\nInterrupted. The same command goes on from the last "
                "finished epoch.",
                file=sys.stderr,
            )
            return INTERRUPTED
        return 0

    app.run(guarded)
