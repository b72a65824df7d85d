"""Tables and values as the pages show them."""


def table(titles, rows):
    """Returns a Markdown table.

    Args:
        titles: Sequence, one for each column.
        rows: Sequence of sequences of as many cells.
    """
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def words(name):
    """Returns the name of a setting as a title."""
    return name.replace("_", " ")


def show(value):
    """Returns a setting's value as a cell shows it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}".replace("e-0", "e-")
    return str(value)
