"""The pages that have generated tables, and how these are written.

The text of a page is written by hand. What stands between its markers,
`<!-- generated: NAME -->` and `<!-- end -->`, is the part of that name here.
"""

import functools
import pathlib
import re

from ali_keras import files
from tools.documents import architectures
from tools.documents import presets
from tools.documents.tables import attribute_table
from tools.documents.tables import device_table
from tools.documents.tables import few_labels_table
from tools.documents.tables import run_tables
from tools.documents.tables import scarce_table
from tools.documents.tables import step_table

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = (ROOT, ROOT / "docs", ROOT / "results")
MARKED = re.compile(
    r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL
)
PARTS = {
    "constants": architectures.constants,
    "parameters": architectures.parameters,
    "architectures": architectures.architectures,
    "attributes": attribute_table.attributes,
    "presets": presets.presets,
    "settings": presets.settings,
    "report": presets.report,
    "steps": step_table.steps,
    "devices": device_table.devices,
    "few_labels": few_labels_table.few_labels,
    "scarce_class": scarce_table.scarce_class,
    **{
        name: functools.partial(run_tables.runs, *experiments)
        for name, experiments in run_tables.TABLES.items()
    },
}


def generated_pages():
    """Returns the paths of all pages that have a marked part."""
    paths = [path for folder in FOLDERS for path in folder.glob("*.md")]
    return sorted(path for path in paths if MARKED.search(path.read_text()))


def write(page):
    """Writes a page anew.

    Args:
        page: Path.
    """
    files.write_bytes(page, regenerated(page.read_text()).encode())


def regenerated(text):
    """Returns a page's text, with each part between markers made anew."""

    def part(match):
        start, name, end = match.groups()
        return f"{start}{PARTS[name]()}\n{end}"

    return MARKED.sub(part, text)
