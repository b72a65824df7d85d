"""Flags that several programs share. Defined once: absl refuses a second."""

import mimetypes
import pathlib

from absl import flags

from ali_keras import files
from ali_keras.command_line import setting_flags
from ali_keras.config import RunSettings
from ali_keras.distribution.strategy import STRATEGIES
from ali_keras.errors import InputError
from ali_keras.errors import command
from ali_keras.settings import MAX_INTEGER
from ali_keras.settings import settings_of
from ali_keras.training.execution import Execution


def _flag_of_run(name, default=None, more="", group=RunSettings):
    # A flag that bears the name of a run's setting, with its help and bounds.
    [declared] = [s for s in settings_of(group) if s.name == name]
    help_text = declared.rule.help + more
    return setting_flags.define_one(declared, __name__, default, help_text)


_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run.")
OUTPUT = flags.DEFINE_string(
    "output", None, "Path to write. Tools default to a file in the workdir."
)
FOLDER = "folder"  # Of images, one sub-folder a class.
_FORMATS = ("png", "npz", "tfrecord", FOLDER)
_FORMAT = flags.DEFINE_enum(
    "format",
    None,
    _FORMATS,
    "Format of the output. Default: what the ending of --output says.",
)
DATASET = _flag_of_run("dataset", more=" Default: the run's.")
DATA_DIR = _flag_of_run("data_dir", more=" Default: the run's.")
SEED = _flag_of_run("seed", default=0)
BATCH_SIZE = _flag_of_run(
    "batch_size",
    more=" In exports the one size that is taken, for accelerators that want "
    "it fixed.",
)
MAX_IMAGE_PIXELS = _flag_of_run(
    "max_image_pixels",
    more=" Default: 100000000; in an export 16777216.",
    group=Execution,
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
    upper_bound=MAX_INTEGER,
)
_CHECKPOINT = flags.DEFINE_string(
    "checkpoint",
    None,
    "latest, or the step of a checkpoint, also of a run that is not finished. "
    "Default: the finished model.",
)
# Of tools.train the devices, of tools.select how to choose.
SELECTIONS = ("random", "coverage", "margin")
STRATEGY = flags.DEFINE_enum(
    "strategy",
    Execution.strategy,
    [*STRATEGIES, *SELECTIONS],
    f"Of train: devices, one of {', '.join(STRATEGIES)}; auto is the workers "
    "of TF_CONFIG, else all GPUs. Of select: how to choose; coverage, the "
    "default, is what is farthest in z from all that is labelled or chosen, "
    "margin of which a classifier of the labelled images is least sure.",
)
SPLIT = flags.DEFINE_string(
    "split",
    None,
    "TFDS split or slice. Default: the held-out split; of select the one "
    "that was trained on.",
)
NUM_IMAGES = flags.DEFINE_integer(
    "num_images",
    100,
    "Number of images.",
    lower_bound=1,
    upper_bound=MAX_INTEGER,
)
NUM_VALIDATION = flags.DEFINE_integer(
    "num_validation",
    None,
    "Last images of the training split, which choices are made by. Default: "
    "10000, at most a fifth.",
    lower_bound=1,
    upper_bound=MAX_INTEGER,
)
NUM_DRAWS = flags.DEFINE_integer(
    "num_draws",
    None,
    "Sets of labelled images that are drawn. Default: 100; of label_curve 10.",
    lower_bound=1,
    upper_bound=100_000,
)
ATTRIBUTES = flags.DEFINE_string(
    "attributes",
    None,
    "What a model of attributes is told, one setting a column: "
    "'unchanged;Eyeglasses;Black_Hair,-Smiling', file:PATH with one a line, or "
    "celeba_paper.",
)
SHARED = (
    "attributes",
    "workdir",
    "output",
    "format",
    "dataset",
    "data_dir",
    "seed",
    "batch_size",
    "max_image_pixels",
    "saved_models",
    "version",
    "checkpoint",
    "strategy",
    "split",
    "num_images",
    "num_validation",
    "num_draws",
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
    from ali_keras.workdir.workdir import Workdir  # With all of Keras.

    return Workdir(_WORKDIR.value)


def max_image_pixels():
    """Returns --max_image_pixels for reading a data set."""
    return MAX_IMAGE_PIXELS.value or Execution.max_image_pixels


def reading():
    """Returns the flags that say how a run's data set is read again."""
    return {
        "data_dir": DATA_DIR.value,
        "max_image_pixels": max_image_pixels(),
    }


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


def selection():
    """Returns --strategy of tools.select, "coverage" if it is not given."""
    if not STRATEGY.present:
        return "coverage"
    if STRATEGY.value not in SELECTIONS:
        raise InputError(
            f"--strategy must be one of {', '.join(SELECTIONS)}. Received: "
            f"{STRATEGY.value}"
        )
    return STRATEGY.value


def saved_models():
    """Returns the folder of --saved_models."""
    if not _SAVED_MODELS.value:
        raise InputError(
            "--saved_models must be given: a folder as "
            f"{command('export.saved_model')} writes it"
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
        default_format: Where neither --format nor the ending of --output
            says it.
        formats: Formats that the program can write.

    Returns:
        Tuple of path and format.

    Raises:
        InputError: if the program has no such format, the flags contradict
            each other, or the path is no file's.
    """
    path = OUTPUT.value
    form = _FORMAT.value or _ending(path) or default_format
    if form not in formats:
        flag = "--format" if _FORMAT.value else "The ending of --output"
        raise InputError(
            f"{flag} must be one of {sorted(formats)}. Received: {form}"
        )
    if not path:
        ending = "" if form == FOLDER else f".{form}"
        return workdir().path / f"{name}{ending}", form
    if _ending(path) not in (None, form):
        raise InputError(
            "--format and the ending of --output must agree. Received: "
            f"--format={form} and --output={path}"
        )
    if form != FOLDER:
        files.check_is_file_path(path)
    return path, form


def _ending(path):
    """Returns the ending of a path if it says what a file is, else `None`."""
    suffix = pathlib.PurePath(path or "").suffix.lower()
    is_known = suffix in mimetypes.types_map or suffix[1:] in _FORMATS
    return suffix[1:] if is_known else None
