"""Writes a bundle for TF Serving: SavedModels, configuration, how to run it.

python -m export.serving --saved_models=runs/demo/export --output=bundle

OUTPUT/models/NAME/VERSION                    the SavedModels
OUTPUT/models.config                          which are served, their labels
OUTPUT/batching.config, monitoring.config     settings of the server
OUTPUT/docker-compose.yml, kubernetes.yaml    two ways to run it
OUTPUT/smoke_test.py                          asks a running server
OUTPUT/README.md

--version is labelled "stable", --canary_version "canary". docs/serving.md
says how to run, watch and update the server.
"""

from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.settings import MAX_INTEGER

common_flags.declare(__name__, "saved_models", "output", "version")
CANARY_VERSION = flags.DEFINE_integer(
    "canary_version",
    None,
    "A second version to serve, labelled canary. --version is the stable one.",
    lower_bound=1,
    upper_bound=MAX_INTEGER,
)
BATCHING = flags.DEFINE_bool(
    "batching",
    False,
    "Let the server batch requests of several clients. It then refuses the "
    "signatures sample and generate.",
)


def __getattr__(name):  # Not for --help, which needs no TensorFlow.
    if name == "write_bundle":
        from .write import write_bundle

        return write_bundle
    if name == "arguments":
        from .settings import arguments

        return arguments
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main():
    """Writes the bundle."""
    from .write import write_bundle

    output = write_bundle(
        common_flags.saved_models(),
        common_flags.output_folder(),
        common_flags.VERSION.value,
        CANARY_VERSION.value,
        BATCHING.value,
    )
    print(f"Wrote {output}.")


def run():
    """Runs the program."""
    program.run(main)
