"""Reads a checkpoint of a run that may still be training."""

import sys

from ali_keras.errors import InputError
from ali_keras.errors import command
from ali_keras.errors import first_line
from ali_keras.model.build import build_model
from ali_keras.workdir import checkpoints as files_of_steps

LATEST = "latest"


def load_checkpoint(checkpoints, config, which=LATEST):
    """Builds the model of a configuration with the variables of a checkpoint.

    It is safe while a training writes checkpoints: they are whole, and one
    that the training deletes meanwhile is passed over.

    Args:
        checkpoints: `Checkpoints`.
        config: `Config` of the run.
        which: "latest" or a step, an integer. Of "latest", damaged files are
            passed over with a warning.

    Returns:
        `ALI`, compiled. Its `step` is that of the checkpoint.

    Raises:
        InputError: if there is no such checkpoint, it is damaged, or it is
            another model's.
    """
    read = _read_latest if which == LATEST else _read_step
    content, path = read(checkpoints, which)
    # No images: the checkpoint has the bias that they set.
    model = build_model(config)
    files_of_steps.load(model, content, path)
    return model


def _read_step(checkpoints, step):
    path = checkpoints.paths().get(step)
    try:
        if path:
            return files_of_steps.read(path), path
    except FileNotFoundError:
        pass  # The training has just deleted it.
    except (OSError, ValueError) as error:
        raise InputError(
            "A checkpoint must be a complete file as "
            f"{command('tools.train')} writes it. "
            f"Received: {path} ({first_line(error)}); "
            f"{_list_steps(checkpoints)}"
        ) from None
    raise InputError(
        f"checkpoint must be latest or the step of a checkpoint; "
        f"{_list_steps(checkpoints)}. Received: {step}"
    )


def _read_latest(checkpoints, _):
    passed, num_damaged = set(), 0
    # Listed anew each time: newer ones may have come.
    while paths := [p for p in checkpoints.paths().values() if p not in passed]:
        path = paths[-1]
        passed.add(path)
        try:
            return files_of_steps.read(path), path
        except FileNotFoundError:
            continue  # The training has just deleted it.
        except (OSError, ValueError) as error:
            num_damaged += 1
            print(
                f"warning: {path} is damaged ({first_line(error)}); "
                "looking for the checkpoint before it",
                file=sys.stderr,
            )
    if num_damaged:
        raise InputError(
            "A checkpoint must be a complete file as "
            f"{command('tools.train')} writes it. "
            f"Received: {checkpoints.folder}, where all {num_damaged} are "
            "damaged"
        )
    raise InputError(
        "A run must have a checkpoint for --checkpoint; "
        f"{command('tools.train')} writes one at the end of each epoch. "
        f"Received: {checkpoints.folder}, without checkpoints"
    )


def _list_steps(checkpoints):
    steps = list(checkpoints.paths())
    if not steps:
        return f"{checkpoints.folder} has none"
    return f"{checkpoints.folder} has {', '.join(map(str, steps))}"
