"""Flags that several programs share. Defined once: absl refuses a second."""

from absl import flags

from ali_keras.command_line import setting_flags
from ali_keras.config import RunSettings
from ali_keras.errors import InputError
from ali_keras.settings import settings_of


def _flag_of_run(name, default=None, more=""):
    # A flag that bears the name of a run's setting, with its help and bounds.
    [declared] = [s for s in settings_of(RunSettings) if s.name == name]
    help_text = declared.rule.help + more
    return setting_flags.define_one(declared, __name__, default, help_text)


_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run.")
OUTPUT = flags.DEFINE_string(
    "output", None, "Path to write. Tools default to a file in the workdir."
)
_FORMAT = flags.DEFINE_enum(
    "format", None, ["png", "npz", "tfrecord"], "Format of the output."
)
DATASET = _flag_of_run("dataset", more=" Default: the run's.")
DATA_DIR = _flag_of_run("data_dir", more=" Default: the run's.")
SEED = _flag_of_run("seed", default=0)
BATCH_SIZE = _flag_of_run(
    "batch_size",
    more=" In exports the one size that is taken, for accelerators that want "
    "it fixed.",
)
_SAVED_MODELS = flags.DEFINE_string(
    "saved_models", None, "Folder that holds encoder/N and decoder/N."
)
VERSION = flags.DEFINE_integer(
    "version",
    None,
    "Of SavedModels: one that is there; or, to write, one "
    "that is free. Default: the newest; or the next.",
    lower_bound=1,
)
_CHECKPOINT = flags.DEFINE_string(
    "checkpoint",
    None,
    "latest, or the step of a checkpoint, also of a run that is not finished. "
    "Default: the finished model.",
)
SHARED = (
    "workdir",
    "output",
    "format",
    "dataset",
    "data_dir",
    "seed",
    "batch_size",
    "saved_models",
    "version",
    "checkpoint",
)


def declare(module, *names):
    """Says which shared flags a program has: it lists and accepts no others.

    Args:
        module: The program's `__name__`.
        *names: Some of `SHARED`.
    """
    module = setting_flags.flag_module(module)
    for name in names:
        flags.FLAGS.register_key_flag_for_module(module, flags.FLAGS[name])


def check_declared(module):
    """Refuses shared flags that were given but are not the program's."""
    own = {f.name for f in flags.FLAGS.get_key_flags_for_module(module)}
    for name in SHARED:
        if flags.FLAGS[name].present and name not in own:
            raise InputError(
                f"A flag must be one of the program's, see --helpshort. "
                f"Received: --{name}"
            )


def workdir():
    """Returns the `Workdir` of --workdir."""
    if not _WORKDIR.value:
        raise InputError("--workdir must be given: the folder of the run")
    from ali_keras.training.workdir import Workdir  # With all of Keras.

    return Workdir(_WORKDIR.value)


def checkpoint():
    """Returns --checkpoint: "latest", a step, or `None` if it is not given."""
    value = _CHECKPOINT.value
    if value is None or value == "latest":
        return value
    # No more digits than steps can have.
    if not (value.isdecimal() and value.isascii() and len(value) < 19):
        raise InputError(
            "--checkpoint must be latest or a step, an integer. Received: "
            f"{value}"
        )
    return int(value)


def saved_models():
    """Returns the folder of --saved_models."""
    if not _SAVED_MODELS.value:
        raise InputError(
            "--saved_models must be given: a folder as export.saved_model "
            "writes it"
        )
    return _SAVED_MODELS.value


def output_folder():
    """Returns the folder of --output, for programs that have no default."""
    if not OUTPUT.value:
        raise InputError("--output must be given: the folder to write to")
    return OUTPUT.value


def output(name, default_format, formats):
    """Resolves --output and --format.

    Args:
        name: Name of the file in the workdir, where --output is not given.
        default_format: Where --format is not given.
        formats: Formats that the program can write.

    Returns:
        Tuple of path and format.
    """
    form = _FORMAT.value or default_format
    if form not in formats:
        raise InputError(
            f"--format must be one of {sorted(formats)}. Received: {form}"
        )
    return OUTPUT.value or workdir().path / f"{name}.{form}", form
