"""Metrics as text for people, by the titles that each metric brings."""

from ali_keras.evaluation.metrics import METRICS


def format_metrics(metrics):
    """Formats the results of `evaluate` as a table.

    Results without a title are left out. So the results of an older run, which
    lack the newest metrics, have a table too.
    """
    headings = [_fill(m.heading, metrics) for m in METRICS.values()]
    rows = [f"  {title:<47}{v:7.4f}" for title, v in titled_results(metrics)]
    return "\n".join([*filter(None, headings), *rows])


def titled_results(metrics):
    """Yields the title and the value of each result that has a title.

    Args:
        metrics: Dictionary, as `evaluate` returns it.

    Yields:
        Tuple of a string and a number. A baseline's title begins with spaces.
    """
    for metric in METRICS.values():
        for path, title in metric.titles.items():
            name, _, key = path.partition(".")
            value = metrics.get(name)
            if key and value is not None:
                value = value.get(key)
            if value is not None:
                yield _fill(title, metrics) or path, value


def list_numbers(metrics):
    """Yields `titled_results`, then the other numbers by their own names."""
    yield from titled_results(metrics)
    titled = {path for metric in METRICS.values() for path in metric.titles}
    for name, value in metrics.items():
        if name not in titled and isinstance(value, int | float):
            yield name, value


def _fill(template, metrics):
    # `None` where the results that it tells of are not among the metrics.
    try:
        return template.format(**metrics)
    except KeyError:
        return None
