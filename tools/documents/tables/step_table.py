"""The table of results/steps.jsonl, which `benchmarks.step` wrote."""

from ali_keras import markdown
from tools.documents import records
from tools.documents.cells import show

TITLES = (
    "preset",
    "precision",
    "batch",
    "data",
    "seconds a step",
    "peak memory, MiB",
    "losses finite",
)


def steps():
    """Returns a table of the steps that were measured."""
    [record] = records.read(records.path("steps"))
    return markdown.table(TITLES, map(_row, record["metrics"]))


def _row(step):
    return [
        f"`{step['preset']}`",
        step["precision"],
        step["batch_size"],
        step["data"],
        f"{step['seconds_per_step']:.2f}",
        f"{step['peak_memory_mib']:,.0f}",
        show(step["is_finite"]),
    ]
