"""Tensors as TF Serving's REST API writes and reads them."""

import base64
import json

import numpy as np
import tensorflow as tf


def read_inputs(body, signature):
    """Reads the tensors of a request.

    Args:
        body: Dictionary with "inputs" (columns) or "instances" (rows).
        signature: `SignatureDef`.

    Returns:
        Dictionary of arrays by name.

    Raises:
        ValueError: with TF Serving's words, where there are such.
    """
    if ("inputs" in body) == ("instances" in body):
        raise ValueError("Missing 'inputs' or 'instances' key")
    names = list(signature.inputs)
    values = body.get("inputs")
    if "instances" in body:
        rows = body["instances"]
        if not isinstance(rows[0], dict) or set(rows[0]) == {"b64"}:
            rows = [{names[0]: row} for row in rows]
        values = {name: [row[name] for row in rows] for name in names}
    if not isinstance(values, dict):
        values = {names[0]: values}
    for name in names:
        if name not in values:
            raise ValueError(f"Missing named input: {name} in 'inputs' object.")
    return {
        name: _to_array(values[name], tf.as_dtype(info.dtype))
        for name, info in signature.inputs.items()
    }


def write_outputs(outputs, in_rows):
    """Writes an answer: of one output only the value, without its name.

    Args:
        outputs: Dictionary of arrays by name.
        in_rows: Boolean. Whether the request was in rows.

    Returns:
        String, indented as TF Serving does.
    """
    values = {name: _from_array(value) for name, value in outputs.items()}
    if in_rows:
        rows = zip(*values.values(), strict=True)
        answer = [dict(zip(values, row, strict=True)) for row in rows]
        if len(values) == 1:
            [answer] = values.values()
        return json.dumps({"predictions": answer}, indent=4)
    if len(values) == 1:
        [values] = values.values()
    return json.dumps({"outputs": values}, indent=4)


def _to_array(value, dtype):
    if dtype == tf.string:
        value = [base64.b64decode(item["b64"]) for item in value]
        return np.array(value, object)
    array = np.array(value, dtype.as_numpy_dtype)
    if not dtype.is_floating and (array != np.array(value)).any():
        raise ValueError(f"JSON Value is not of expected type: {dtype.name}")
    return array


def _from_array(array):
    if array.dtype.kind != "f":
        return array.tolist()
    # Six digits, or nine where six do not name the same float.
    shortest = np.array(
        [
            short if np.float32(short) == value else f"{value:.9g}"
            for value in array.ravel()
            for short in (f"{value:g}",)
        ],
        float,
    )
    return shortest.reshape(array.shape).tolist()
