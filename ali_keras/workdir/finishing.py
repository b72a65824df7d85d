"""Whether a run may end at a number of epochs: not below what is trained."""

from ali_keras import files
from ali_keras.errors import InputError


def check_epochs(epochs, history):
    """Checks a number of epochs against the history of a run.

    Args:
        epochs: Integer, as asked for.
        history: Path of history.json, which may be missing.

    Raises:
        InputError: if more epochs are trained.
    """
    known = files.read_json(history) if history.exists() else {}
    num_trained = len(known.get("seconds", []))
    if epochs < num_trained:
        raise InputError(
            f"epochs must be at least {num_trained}: so many are trained in "
            f"{history.parent}. Received: epochs={epochs}"
        )


def check_step(epochs, step, steps_per_epoch, folder):
    """Checks a number of epochs against the newest checkpoint of a run.

    The history has whole epochs only.

    Args:
        epochs: Integer, as asked for.
        step: Integer, of the checkpoint; 0 is none.
        steps_per_epoch: Integer.
        folder: Path of the workdir.

    Raises:
        InputError: if the step is in a later epoch.
    """
    num_begun = -(-step // steps_per_epoch)
    if epochs < num_begun:
        raise InputError(
            f"epochs must be at least {num_begun}: {folder} stands at step "
            f"{step}, in epoch {num_begun} of {steps_per_epoch} steps each. "
            f"Received: epochs={epochs}"
        )
