"""Names and values of settings as the cells of the tables show them."""


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
