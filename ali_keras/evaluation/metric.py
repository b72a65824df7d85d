"""What a metric is: a function, what it needs, and the words for people."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Metric:
    """One protocol of measuring. `evaluation/metrics/` has a file for each.

    Attributes:
        measure: Function of a `needs.Needs`. It yields pairs of a name and a
            value for metrics.json: a number, or a list or a dictionary of
            numbers. No two metrics of one evaluation yield the same name.
        needs: Tuple of keys of `needs.NEEDS`. The metric is measured where
            all of them are met, and reads nothing else.
        titles: Dictionary of what stands in the printed table: the name of a
            result, or "name.key" for an entry of a dictionary, to its title.
            A title that begins with spaces is a baseline of the one above it.
        heading: String above the table.

    Titles and heading may hold the names of results in braces.

    Example:

    ```python
    def measure(needs):
        yield "mean_sample", float(needs.samples.mean())


    METRIC = Metric(
        measure,
        needs=("samples",),
        titles={"mean_sample": "mean pixel of {num_samples} samples"},
    )
    ```
    """

    measure: Callable
    needs: tuple[str, ...]
    titles: dict[str, str] = dataclasses.field(default_factory=dict)
    heading: str = ""
