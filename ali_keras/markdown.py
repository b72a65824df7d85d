"""Markdown tables: the one writer of all programs and documents."""

import re


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


def escape(text):
    """Returns Markdown that shows a text as it is, in a table too.

    Args:
        text: String that may hold anything, such as a name in a data set.
            Line breaks and what is not UTF-8 are shown as Python shows them.
    """
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return re.sub(r"([\\`*_{}\[\]<>()#!|~$&])", r"\\\1", shown)


def code(text):
    """Returns Markdown that shows a text in one line, as code."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    # A bar ends a table's cell, even in code.
    shown = shown.replace("|", r"\|")
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}" if longest else f"`{shown}`"


def _line(cells):
    return f"| {' | '.join(map(str, cells))} |"
