"""Markdown tables: the one writer of all programs and documents."""


def table(titles, rows, compact=False):
    """Returns a Markdown table.

    Args:
        titles: Sequence of strings, one for each column.
        rows: Sequence of sequences of as many cells. A cell is written with
            `str`.
        compact: Boolean. Whether the line below the titles and an empty title
            have no spaces, as in tables that are written by hand.

    Returns:
        String without a newline at its end.

    Example:

    ```python
    markdown.table(["name", "size"], [["z", 64]])
    # | name | size |
    # | --- | --- |
    # | z | 64 |
    ```
    """
    rule = _line(["---"] * len(titles))
    head = _line(titles)
    if compact:
        rule, head = rule.replace(" ", ""), head.replace("|  |", "| |")
    return "\n".join([head, rule, *map(_line, rows)])


def _line(cells):
    return f"| {' | '.join(map(str, cells))} |"
