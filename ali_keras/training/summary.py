"""What a training says of itself: what figures mean, and what there is now."""

import shlex

import numpy as np

from ali_keras import files
from ali_keras.data.preprocessing import to_float
from ali_keras.errors import command
from ali_keras.workdir.file_list import list_files

EXPLANATION = (
    "Figures are means of the epoch so far. discriminator_accuracy is the "
    "share of pairs that the discriminator tells apart: near 1.0 is usual at "
    "the start, 0.5 is a guess."
)
# As many held-out images as are quick to reconstruct.
NUM_IMAGES = 500
# Each program with what its command needs beside the workdir.
NEXT = (
    ("tools.evaluate", ""),
    ("tools.generate", " --num_images=100"),
    ("export.saved_model", " --output={workdir}/export"),
)


def tell(model, workdir, held_out, labels=None):
    """Prints headline figures, the files of a workdir and the next commands.

    Args:
        model: `ALI`, trained.
        workdir: `Workdir`.
        held_out: Array of held-out images or points.
        labels: Array of their labels, for a conditional model.
    """
    print(
        "",
        list_headlines(model, workdir, held_out, labels),
        list_files(workdir.path),
        list_commands(workdir),
        sep="\n",
    )


def list_headlines(model, workdir, images, labels=None):
    """Lists the last epoch's figures and the error of reconstructions."""
    history = files.read_json(workdir.history)
    figures = {k: v[-1] for k, v in history.items() if k != "seconds"}
    original = to_float(images[:NUM_IMAGES])
    labels = labels[:NUM_IMAGES] if model.condition else None
    # Not by `predict`, in which workers wait for each other: one worker tells.
    rebuilt = model.reconstruct(original, labels)
    error = np.mean(np.square(original - rebuilt))
    lines = [
        f"Figures of epoch {len(history['seconds'])}:",
        *(f"  {name:<32} {value:.4g}" for name, value in figures.items()),
        f"Mean squared error of {len(original)} held-out reconstructions: "
        f"{error:.4g}",
    ]
    return "\n".join(lines)


def list_commands(workdir):
    """Lists the commands that follow a training."""
    folder = shlex.quote(str(workdir.path))
    lines = ["Next:"]
    for module, more in NEXT:
        more = more.format(workdir=folder)
        lines.append(f"  {command(module)} --workdir={folder}{more}")
    return "\n".join(lines)
