"""Metrics as text for people, by the titles that each metric brings."""

from ali_keras.evaluation.metrics import METRICS


def format_metrics(metrics):
    """Formats the results of `evaluate` as a table.

    Results without a title are left out. So the results of an older run, which
    lack the newest metrics, have a table too.
    """
    headings = [_fill(m.heading, metrics) for m in METRICS.values()]
    rows = [
        f"  {title:<47}{value:{'7' if isinstance(value, int) else '7.4f'}}"
        for title, value in titled_results(metrics)
    ]
    return "\n".join([*filter(None, headings), *rows])


def titled_results(metrics):
    """Yields the title and the value of each result that has a title.

    Args:
        metrics: Dictionary, as `evaluate` returns it.

    Yields:
        Tuple of a string and a number. A baseline's title begins with spaces.
    """
    for path in titles():
        value = look_up(metrics, path)
        if value is not None:
            yield fill_title(path, metrics), value


def list_numbers(metrics):
    """Yields `titled_results`, then the other numbers by their own names."""
    yield from titled_results(metrics)
    for name, value in metrics.items():
        if name not in titles() and isinstance(value, int | float):
            yield name, value


def titles():
    """Returns the titles of all metrics' results, by `Metric.titles`' names."""
    return {
        path: title
        for metric in METRICS.values()
        for path, title in metric.titles.items()
    }


def look_up(metrics, path):
    """Returns the result of a name or "name.key"; `None` if it is missing."""
    name, _, key = path.partition(".")
    value = metrics.get(name)
    return value.get(key) if key and value is not None else value


def fill_title(path, metrics):
    """Returns a result's title, with the values that it names filled in."""
    return _fill(titles()[path], metrics) or path


def _fill(template, metrics):
    # `None` where the results that it tells of are not among the metrics.
    try:
        return template.format(**metrics)
    except KeyError:
        return None
