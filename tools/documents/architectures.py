"""The tables of docs/architectures.md: the networks, row by row."""

import dataclasses

import keras

from ali_keras import markdown
from ali_keras.architectures import ARCHITECTURES
from ali_keras.architectures import stabilised
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row
from ali_keras.networks.builder import build_networks
from ali_keras.networks.condition import ATTRIBUTES
from ali_keras.networks.condition import Condition
from ali_keras.presets import PRESETS
from ali_keras.training.description import num_trainable
from tools.documents import presets
from tools.documents.cells import show
from tools.documents.cells import words

TITLES = {
    "encoder": "Gz: image to z",
    "decoder": "Gx: z to image",
    "discriminator_x": "D(x): image",
    "discriminator_z": "D(z): z",
    "discriminator_xz": "D(x, z): the ends of both, concatenated, to the logit",
}
TAKE_IMAGES = ("encoder", "discriminator_x")
# The papers' columns; of the others, those that a network makes use of follow.
COLUMNS = (
    "operation",
    "kernel",
    "strides",
    "feature_maps",
    "batch_norm",
    "dropout",
    "nonlinearity",
)


def constants():
    """Returns a table of what all rows of an architecture share."""
    names = [
        field.name
        for field in dataclasses.fields(Architecture)
        if field.name not in TITLES
    ]
    rows = [
        [f"`{key}`", *(show(getattr(architecture, n)) for n in names)]
        for key, architecture in ARCHITECTURES.items()
    ]
    return markdown.table(["networks", *map(words, names)], rows)


def parameters():
    """Returns a table of trainable parameters, as the presets build them."""
    users = {}
    for preset in PRESETS:
        config = presets.resolve(preset)
        key = (
            *(config["architecture"], config["latent_dim"]),
            *(config["channels"], config["conditional"]),
        )
        users.setdefault(key, []).append(f"`{preset}`")
    rows = [
        [
            f"`{key[0]}`{_TOLD[key[3]]}",
            *key[1:3],
            *count(*key),
            ", ".join(names),
        ]
        for key, names in users.items()
    ]
    titles = ["networks", "z", "channels", "Gz", "Gx", "D", "presets"]
    return markdown.table(titles, rows)


# Conditional presets are of CelebA, see presets.py.
_TOLD = {"none": "", ATTRIBUTES: ", 40 attributes"}


def count(architecture, latent_dim, channels, conditional="none"):
    """Returns the trainable parameters of Gz, Gx and D, as the page has them.

    Args:
        architecture: Key of `ARCHITECTURES`.
        latent_dim: Integer.
        channels: Integer.
        conditional: String, a key of `_TOLD`.
    """
    condition = None if conditional == "none" else Condition(conditional, 40)
    networks = build_networks(
        ARCHITECTURES[architecture], latent_dim, channels, condition=condition
    )
    return [f"{num_trainable(network):,}" for network in networks]


def architectures():
    """Returns a section for each architecture, a table for each network."""
    return "\n\n".join(
        f"## `{name}`\n\n{_variant(name) or _networks(architecture)}"
        for name, architecture in ARCHITECTURES.items()
    )


def _variant(name):
    """What a variant differs in from its original, if it is one."""
    for original, architecture in ARCHITECTURES.items():
        if original != name and ARCHITECTURES[name] == stabilised(architecture):
            return f"As `{original}`, {_changes(architecture)}."
    return None


def _changes(original):
    rows = [
        row
        for name in TITLES
        if name.startswith("discriminator")
        for row in getattr(original, name)
    ]
    changes = ["initial weights after He et al. (2015)"]
    if any(row.batch_norm for row in rows):
        changes.append("D with biases instead of batch normalization")
    if any(row.dropout or row.late_dropout for row in rows):
        changes.append("D without dropout")
    return ", ".join(changes)


def _networks(architecture):
    sections = []
    for name, title in TITLES.items():
        size = architecture.image_size if name in TAKE_IMAGES else 1
        if rows := getattr(architecture, name):
            sections.append(f"{title}\n\n{_rows(rows, size)}")
    return "\n\n".join(sections)


def _rows(rows, size):
    columns = [
        name
        for name in Row._fields
        if name in COLUMNS
        or any(getattr(row, name) != Row._field_defaults[name] for row in rows)
    ]
    lines = []
    for row in rows:
        size = output_size(row, size)
        cells = [show(getattr(row, name)) for name in columns]
        lines.append([*cells, f"{size}x{size}"])
    return markdown.table([*map(words, columns), "output"], lines)


def output_size(row, size):
    """Returns the height and width of a row's output.

    Args:
        row: `Row`.
        size: Integer. Height and width of its input.
    """
    operation = {
        "conv": keras.layers.Conv2D,
        "transposed": keras.layers.Conv2DTranspose,
    }[row.operation]
    layer = operation(1, row.kernel, row.strides, row.padding)
    return layer.compute_output_shape((None, size, size, 1))[1]
