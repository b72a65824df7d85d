"""How far a long task is, for whoever waits at the terminal.

Functions of the library that may take long have an argument `progress`: a
function as `silent` and `shown`. They print nothing themselves.
"""

import sys
import time

FIRST_LINE_SECONDS = 10  # Before the first plain line; short tasks have none.
LINE_SECONDS = 30  # Between plain lines.


def silent(items, total, title):
    """Yields the items and shows nothing.

    Args:
        items: Iterable. An item is done when the next one is asked for.
        total: Integer. The number of items.
        title: String that says what is being done.
    """
    del total, title
    return iter(items)


def shown(items, total, title):
    """Yields the items and shows on stderr how many are done.

    A terminal gets a bar, which disappears in the end. A file or a pipe gets
    a line now and then, and none from a task of a few seconds.

    Arguments as `silent`.
    """
    if not sys.stderr.isatty():
        return _lines(items, total, title)
    from tqdm import tqdm

    return iter(
        tqdm(
            items,
            desc=title,
            total=total,
            leave=False,
            dynamic_ncols=True,
            file=sys.stderr,
        )
    )


def _lines(items, total, title):
    start = time.monotonic()
    due = start + FIRST_LINE_SECONDS
    for number, item in enumerate(items):
        now = time.monotonic()
        if now >= due:
            due = now + LINE_SECONDS
            print(
                f"{title}: {number / total:.0%} after {now - start:.0f} s",
                file=sys.stderr,
                flush=True,
            )
        yield item
