"""Large batches, in parts that the server takes."""

from collections.abc import Sequence

from ali_keras.errors import InputError

# Bytes of a message besides its rows: names, types, shapes.
MESSAGE_OVERHEAD = 1024


def split(
    sizes: Sequence[int], max_message_bytes: int, max_batch_size: int
) -> list[slice]:
    """Divides rows into as few runs of neighbours as the limits allow.

    Args:
        sizes: Bytes of each row, as sent or as answered.
        max_message_bytes: Integer. Bytes of a run's message at most.
        max_batch_size: Integer. Rows of a run at most.

    Returns:
        Slices, in order, that cover all rows.

    Raises:
        InputError: if one row alone is too large.
    """
    max_bytes = max_message_bytes - MESSAGE_OVERHEAD
    parts = []
    start = filled = 0
    for row, size in enumerate(sizes):
        if size > max_bytes:
            raise too_large(size, max_message_bytes)
        if row - start == max_batch_size or filled + size > max_bytes:
            parts.append(slice(start, row))
            start, filled = row, 0
        filled += size
    return [*parts, slice(start, len(sizes))]


def split_evenly(
    sizes: Sequence[int], max_message_bytes: int, batch_size: int
) -> list[slice]:
    """Divides rows into runs of one size, which must divide their number.

    Raises:
        InputError: if such a run is too large.
    """
    parts = [
        slice(start, start + batch_size)
        for start in range(0, len(sizes), batch_size)
    ]
    largest = max(sum(sizes[part]) for part in parts)
    if largest > max_message_bytes - MESSAGE_OVERHEAD:
        raise too_large(largest, max_message_bytes)
    return parts


def too_large(size: int, max_message_bytes: int) -> InputError:
    """Makes the error for what cannot be divided further."""
    return InputError(
        "The smallest request and its answer must fit into max_message_bytes="
        f"{max_message_bytes}, less {MESSAGE_OVERHEAD}. Received: some {size} "
        "bytes"
    )
