"""What is refused before it is sent.

The servables check most of it too; but a server's words come late, after the
transfer, and name tensors.
"""

import numbers
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ali_keras.errors import InputError

Range = tuple[float, float] | None
# Shape and type of a row of an input.
Row = tuple[tuple[int, ...], np.dtype]


def images(
    value: ArrayLike, shape: tuple[int, ...], dtype: np.dtype, allowed: Range
) -> np.ndarray:
    """Checks a batch of images.

    Args:
        value: Array `(batch, height, width, channels)`.
        shape: Tuple `(height, width, channels)`.
        dtype: float32 or uint8, what the servable takes. Other floats go for
            float32.
        allowed: Least and greatest pixel of floats, or `None`: any.

    Returns:
        Array of that type.

    Raises:
        InputError: if it is of another kind or shape, empty, not finite or
            out of range.
    """
    array = _array(value, "Images")
    if dtype == np.uint8 and array.dtype != np.uint8:
        raise InputError(
            f"Images must be uint8 for this servable. Received: {array.dtype}"
        )
    _check_shape(array, shape, "Images")
    if dtype == np.uint8:
        return array
    return _floats(array, "Images", allowed)


def codes(value: ArrayLike, latent_dim: int) -> np.ndarray:
    """Checks a batch of codes z.

    Args:
        value: Floats `(batch, latent_dim)`.
        latent_dim: Integer.

    Returns:
        float32 array.

    Raises:
        InputError: if it is of another kind or shape, empty, or not finite.
    """
    array = _array(value, "z")
    _check_shape(array, (latent_dim,), "z")
    return _floats(array, "z", None)


def names(signature: str, wanted: Iterable[str], given: Iterable[str]) -> None:
    """Checks the names of a signature's inputs.

    Raises:
        InputError: if one is missing, unknown, or given twice.
    """
    wanted, given = sorted(wanted), sorted(given)
    if wanted != given:
        raise InputError(
            f"The inputs of the signature {signature} must be "
            f"{', '.join(wanted)}. Received: {', '.join(given)}"
        )


def further_inputs(
    values: Mapping[str, ArrayLike], rows: Mapping[str, Row], count: int
) -> dict[str, np.ndarray]:
    """Checks what a signature takes beside images or codes, such as labels.

    Args:
        values: Arrays `(count, ...)` of numbers by the inputs' names.
        rows: Shape and type of a row of each input.
        count: Integer. Images or codes of the batch.

    Returns:
        Dictionary of arrays of the inputs' types.

    Raises:
        InputError: if one is of another kind, shape or length, not finite,
            or beyond its type.
    """
    arrays = {}
    for name, value in values.items():
        shape, dtype = rows[name]
        array = _array(value, name)
        _check_shape(array, shape, name)
        if len(array) != count:
            raise InputError(
                f"{name} must have a row for each of {count} images or codes. "
                f"Received: {len(array)}"
            )
        if dtype.kind == "f":
            arrays[name] = _floats(array, name, None).astype(dtype)
        else:
            arrays[name] = _integers(array, name, dtype)
    return arrays


def encoded_images(value: Sequence[bytes]) -> np.ndarray:
    """Checks a list of image files' contents.

    Args:
        value: List of bytes.

    Returns:
        Array of bytes objects.

    Raises:
        InputError: if it is no list, empty, or holds anything but bytes.
    """
    rule = "Encoded images must be a list of bytes, none of them empty"
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{rule}. Received: {type(value).__name__}")
    if not value:
        raise InputError(f"{rule}. Received: an empty list")
    for number, item in enumerate(value):
        if not isinstance(item, bytes) or not item:
            kind = type(item).__name__ if item else "nothing"
            raise InputError(f"{rule}. Received: {kind} at {number}")
    # Made by hand: NumPy cuts zero bytes off the end of its own strings.
    array = np.empty(len(value), object)
    array[:] = value
    return array


def pairs(images1: np.ndarray, images2: np.ndarray, steps: int) -> None:
    """Checks the two ends and the number of points of interpolations.

    Raises:
        InputError: if the ends do not pair, or there are fewer than 2 points.
    """
    if len(images1) != len(images2):
        raise InputError(
            "images1 and images2 must be of one length. Received: "
            f"{len(images1)} and {len(images2)}"
        )
    positive("steps", steps, least=2)


def positive(name: str, value: int, least: int = 1) -> int:
    """Checks an integer argument.

    Raises:
        InputError: if it is none, or too small.
    """
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise InputError(
            f"{name} must be an integer of at least {least}. Received: "
            f"{value!r}"
        )
    return int(value)


def seconds(value: float) -> float:
    """Checks a timeout.

    Raises:
        InputError: if it is no finite number above 0.
    """
    is_number = isinstance(value, numbers.Real) and value is not True
    if not is_number or not 0 < value < float("inf"):
        raise InputError(
            f"timeout must be finite seconds above 0. Received: {value!r}"
        )
    return float(value)


def image_range(value: Range) -> Range:
    """Checks the least and greatest pixel of floats.

    Raises:
        InputError: if it is neither `None` nor two numbers that rise.
    """
    if value is None:
        return None
    try:
        low, high = map(float, value)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not low < high:
        raise InputError(
            "image_range must be the least and the greatest pixel, or None "
            f"for points. Received: {value!r}"
        )
    return low, high


def _array(value: ArrayLike, what: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:  # Lists of unequal lengths.
        raise InputError(
            f"{what} must be one array of numbers. Received: "
            f"{type(value).__name__} that is none"
        ) from None
    if array.dtype.kind not in "fiu":
        raise InputError(
            f"{what} must be an array of numbers. Received: {array.dtype}"
        )
    return array


def _check_shape(array: np.ndarray, shape: tuple[int, ...], what: str) -> None:
    if array.shape[1:] != shape or array.ndim == 0:
        wanted = ", ".join(map(str, ("batch", *shape)))
        raise InputError(
            f"{what} must be of shape ({wanted}). Received: {array.shape}"
        )
    if not len(array):
        raise InputError(f"{what} must hold at least one item. Received: none")


def _floats(array: np.ndarray, what: str, allowed: Range) -> np.ndarray:
    if array.dtype.kind != "f":
        raise InputError(
            f"{what} must be floats{_words(allowed)} for this servable. "
            f"Received: {array.dtype}"
        )
    with np.errstate(over="ignore"):  # Infinite is refused just below.
        array = array.astype(np.float32)
    low, high = array.min(), array.max()
    if not np.isfinite([low, high]).all():
        raise InputError(
            f"{what} must be finite. Received: NaN or infinity among them"
        )
    if allowed and (low < allowed[0] or high > allowed[1]):
        raise InputError(
            f"{what} must lie{_words(allowed)}. Received: values from "
            f"{low:g} to {high:g}"
        )
    return array


def _integers(array: np.ndarray, what: str, dtype: np.dtype) -> np.ndarray:
    if array.dtype.kind not in "iu":
        raise InputError(f"{what} must be integers. Received: {array.dtype}")
    integers = array.astype(dtype)
    if (integers != array).any():
        raise InputError(
            f"{what} must be integers of the type {dtype}. Received: values "
            f"from {array.min()} to {array.max()}"
        )
    return integers


def _words(allowed: Range) -> str:
    return f" in [{allowed[0]:g}, {allowed[1]:g}]" if allowed else ""
