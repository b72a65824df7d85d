"""The tables of docs/presets.md: what the presets set, and the defaults."""

import dataclasses

from ali_keras import markdown
from ali_keras.config import DEFAULTS
from ali_keras.config import Config
from ali_keras.presets import PRESETS
from tools.documents.cells import show
from tools.documents.cells import words

# The report's rows and columns, in its words.
REPORT_ROWS = {
    "CelebA": "report_celeba",
    "MNIST": "report_mnist",
    "SVHN": "report_svhn",
}
REPORT_COLUMNS = {
    "Epochs": "epochs",
    "z dimension": "latent_dim",
    "G learning rate": "generator_learning_rate",
    "D learning rate": "discriminator_learning_rate",
}


def read_settings():
    """Reads the names and defaults of all settings from the library.

    Nothing else in this package reads them.

    Returns:
        Tuple: list of the names that every preset states, and dictionary of
        the other settings' defaults.
    """
    names = [field.name for field in dataclasses.fields(Config)]
    stated = [n for n in names if n not in {"dataset", "preset", *DEFAULTS}]
    return stated, DEFAULTS


def resolve(preset):
    """Returns all settings of a preset, its own and the defaults.

    Args:
        preset: Key of `PRESETS`.

    Returns:
        Dictionary. `precision` may be "auto".
    """
    _, defaulted = read_settings()
    return {**defaulted, **PRESETS[preset]}


def presets():
    """Returns a table of what the presets set."""
    stated, _ = read_settings()
    rows = []
    for name, settings in PRESETS.items():
        others = {k: v for k, v in settings.items() if k not in stated}
        cells = [show(settings[key]) for key in stated]
        rows.append([f"`{name}`", *cells, _list_settings(others)])
    return markdown.table(["preset", *map(words, stated), "besides"], rows)


def defaults():
    """Returns a table of the values that hold where a preset states none."""
    _, defaulted = read_settings()
    return markdown.table(
        ["setting", "default"],
        [[f"`{name}`", show(value)] for name, value in defaulted.items()],
    )


def _list_settings(values):
    return ", ".join(f"`{k}` {show(v)}" for k, v in values.items())


def report():
    """Returns Table 1 of the report, from the presets that stand for it."""
    rows = [
        [
            title,
            *(show(PRESETS[preset][key]) for key in REPORT_COLUMNS.values()),
        ]
        for title, preset in REPORT_ROWS.items()
    ]
    return markdown.table(["Dataset", *REPORT_COLUMNS], rows)
