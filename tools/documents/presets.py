"""The tables of docs/presets.md: what the presets set, and the defaults."""

from ali_keras import markdown
from ali_keras.config import all_settings
from ali_keras.presets import PRESETS
from ali_keras.settings import REQUIRED
from tools.documents.cells import show
from tools.documents.cells import words

# Settings that no preset has.
NOT_PRESET = ("dataset", "preset")
_TYPES = {str: "text", bool: "true, false", int: "integer", float: "number"}
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
    declared = [s for s in all_settings() if s.name not in NOT_PRESET]
    stated = [s.name for s in declared if s.default is REQUIRED]
    defaults = {s.name: s.default for s in declared if s.name not in stated}
    return stated, defaults


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


def settings():
    """Returns a table of all settings, as the library declares them."""
    rows = []
    for declared in all_settings():
        is_required = declared.default is REQUIRED
        default = "must be stated" if is_required else show(declared.default)
        allowed = declared.rule.words() or _TYPES[declared.type]
        words = declared.rule.help.replace("|", "\\|")
        rows.append([f"`{declared.name}`", words, allowed, default])
    return markdown.table(["setting", "what it is", "allowed", "default"], rows)


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
