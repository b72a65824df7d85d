"""NumPy arrays to `TensorProto` and back, as TensorFlow does it."""

import math
from typing import Any

import numpy as np

from ali_keras.client.messages import DATA_TYPES
from ali_keras.client.messages import TensorProto
from ali_keras.errors import InputError

# NumPy's type, and the field of single values, by TensorFlow's type.
_TYPES = {
    "DT_FLOAT": (np.float32, "float_val"),
    "DT_DOUBLE": (np.float64, "double_val"),
    "DT_INT32": (np.int32, "int_val"),
    "DT_UINT8": (np.uint8, "int_val"),
    "DT_INT16": (np.int16, "int_val"),
    "DT_INT8": (np.int8, "int_val"),
    "DT_STRING": (np.object_, "string_val"),
    "DT_INT64": (np.int64, "int64_val"),
    "DT_BOOL": (np.bool_, "bool_val"),
    "DT_UINT16": (np.uint16, "int_val"),
    "DT_HALF": (np.float16, "half_val"),
    "DT_UINT32": (np.uint32, "uint32_val"),
    "DT_UINT64": (np.uint64, "uint64_val"),
}
# TensorFlow sends arrays of these in the fields of single values.
_BY_VALUE = (np.object_, np.bool_, np.uint16)
_BY_NUMBER = {
    DATA_TYPES[name]: (np.dtype(dtype), field)
    for name, (dtype, field) in _TYPES.items()
}
_NUMBERS = {dtype: number for number, (dtype, _) in _BY_NUMBER.items()}


def numpy_dtype(data_type: int) -> np.dtype:
    """Returns NumPy's type for a number of `tensorflow.DataType`.

    Strings are objects of Python.

    Raises:
        InputError: if NumPy has none.
    """
    return _lookup(data_type)[0]


def to_proto(array: np.ndarray) -> Any:
    """Returns the `TensorProto` of an array; strings are bytes objects.

    The bytes are those of `tf.make_tensor_proto`.
    """
    number = _NUMBERS[array.dtype]
    proto = TensorProto(dtype=number, tensor_shape={})
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if array.size > 1 and array.dtype not in _BY_VALUE:
        little_endian = array.dtype.newbyteorder("<")
        proto.tensor_content = array.astype(little_endian).tobytes()
        return proto
    if array.dtype == np.float16:
        array = array.view(np.uint16)
    field = _BY_NUMBER[number][1]
    getattr(proto, field).extend(array.ravel().tolist())
    return proto


def from_proto(proto: Any, max_bytes: int) -> np.ndarray:
    """Returns the array of a `TensorProto`, as `tf.make_ndarray` does.

    Args:
        proto: `TensorProto`.
        max_bytes: Integer. Size of the array at most: a single value may stand
            for any number of them.

    Raises:
        InputError: if NumPy has no such type.
        ValueError: if the values do not fill the shape, or the array is too
            large.
    """
    dtype, field = _lookup(proto.dtype)
    shape = [dim.size for dim in proto.tensor_shape.dim]
    size = math.prod(shape)
    if min(shape, default=0) < 0 or size * dtype.itemsize > max_bytes:
        raise ValueError(
            f"A tensor must fill at most {max_bytes} bytes. Received: shape "
            f"{shape}"
        )
    if proto.tensor_content:
        little_endian = dtype.newbyteorder("<")
        values = np.frombuffer(proto.tensor_content, little_endian)
        return values.astype(dtype).reshape(shape)
    values = _values(getattr(proto, field), dtype)
    missing = size - len(values)
    if missing > 0:  # The last value stands for all that follow, or zero.
        last = values[-1:] if len(values) else _empty_value(dtype)
        values = np.concatenate([values, np.repeat(last, missing)])
    return values.reshape(shape)


def _lookup(data_type: int) -> tuple[np.dtype, str]:
    if data_type not in _BY_NUMBER:
        raise InputError(
            "The served model must use types that NumPy has. Received: type "
            f"{data_type} of tensorflow.DataType"
        )
    return _BY_NUMBER[data_type]


def _values(repeated: Any, dtype: np.dtype) -> np.ndarray:
    if dtype == np.float16:  # Its bits, as integers.
        return np.fromiter(repeated, np.uint16, len(repeated)).view(dtype)
    return np.fromiter(repeated, dtype, len(repeated))


def _empty_value(dtype: np.dtype) -> np.ndarray:
    return np.array([b""] if dtype.kind == "O" else [0], dtype)
