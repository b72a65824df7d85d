"""Writes the tables of the pages that have any between markers.

python -m docs.tables

The text of a page is written by hand. What stands between its markers,
`<!-- generated: NAME -->` and `<!-- end -->`, is the part of that name here:
the architectures and presets as they are in the code, and what they come to.
"""

import dataclasses
import pathlib
import re

from ali_keras import files
from ali_keras.config import DEFAULTS
from ali_keras.config import Config
from ali_keras.presets import PRESETS
from docs import networks
from docs.markdown import show
from docs.markdown import table
from docs.markdown import words

ROOT = pathlib.Path(__file__).parents[1]
PAGES = (
    ROOT / "docs/architectures.md",
    ROOT / "docs/presets.md",
    ROOT / "results/README.md",
)
STEPS = ROOT / "results/steps.json"
MARKED = re.compile(
    r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL
)
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


def main():
    """Writes all pages anew."""
    for page in PAGES:
        files.write_bytes(page, regenerated(page.read_text()).encode())


def regenerated(text):
    """Returns a page's text, with each part between markers made anew."""

    def part(match):
        start, name, end = match.groups()
        return f"{start}{PARTS[name]()}\n{end}"

    return MARKED.sub(part, text)


def presets():
    """Returns a table of what the presets set."""
    stated = [
        field.name
        for field in dataclasses.fields(Config)
        if field.name not in {"dataset", "preset", *DEFAULTS}
    ]
    rows = []
    for name, settings in PRESETS.items():
        others = {k: v for k, v in settings.items() if k not in stated}
        cells = [show(settings[key]) for key in stated]
        rows.append([f"`{name}`", *cells, _settings(others)])
    return table(["preset", *map(words, stated), "besides"], rows)


def defaults():
    """Returns what holds where a preset says nothing."""
    return table(
        ["setting", "default"],
        [[f"`{name}`", show(value)] for name, value in DEFAULTS.items()],
    )


def _settings(values):
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
    return table(["Dataset", *REPORT_COLUMNS], rows)


def steps():
    """Returns a table of the steps that `benchmarks.step` measured."""
    rows = [
        [
            f"`{result['preset']}`",
            result["precision"],
            result["batch_size"],
            result["data"],
            f"{result['seconds_per_step']:.2f}",
            f"{result['peak_memory_mib']:,.0f}",
            show(result["is_finite"]),
        ]
        for result in files.read_json(STEPS)["results"]
    ]
    titles = ["preset", "precision", "batch", "data", "seconds a step"]
    return table([*titles, "peak memory, MiB", "losses finite"], rows)


PARTS = {
    "constants": networks.constants,
    "parameters": networks.parameters,
    "architectures": networks.architectures,
    "presets": presets,
    "defaults": defaults,
    "report": report,
    "steps": steps,
}

if __name__ == "__main__":
    main()
