"""Asks a running TF Serving for its state, an encoding and a decoding.

python3 smoke_test.py --address=127.0.0.1:8501

Needs nothing but Python. Lies in the bundle and reads from it what is served.
Exit status: 0 if the server answered as it must, else 1 and one line.
"""

import argparse
import contextlib
import http.client
import json
import math
import pathlib
import re
import sys
import time

BUNDLE = pathlib.Path(__file__).resolve().parent


class Failure(Exception):
    """The server did not answer as it must."""


def call(address, path, request=None):
    """Returns what the REST API answers; raises `Failure` for an error."""
    connection = http.client.HTTPConnection(address, timeout=30)
    with contextlib.closing(connection):
        body = request and json.dumps(request)
        connection.request("POST" if request else "GET", path, body)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    if response.status != 200:
        reason = " ".join(text.split())
        raise Failure(f"{path}: HTTP {response.status}, {reason}")
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Failure(f"{path}: no answer as TF Serving writes it")
    return answer


def predict(address, name, label, signature, inputs):
    """Returns one output of a signature: its only one, or its z_mean."""
    path = f"/v1/models/{name}/labels/{label}:predict"
    request = {"signature_name": signature, "inputs": inputs}
    answer = call(address, path, request)
    # The name is left out where there is but one.
    outputs = answer.get("outputs")
    return outputs.get("z_mean") if isinstance(outputs, dict) else outputs


def further_inputs(address, name, version, signature, given, batch):
    """Returns zeros for what a signature takes beside the given inputs."""
    path = f"/v1/models/{name}/versions/{version}/metadata"
    answer = call(address, path)
    inputs = {}
    try:
        signatures = answer["metadata"]["signature_def"]["signature_def"]
        for key, info in signatures[signature]["inputs"].items():
            shape = info["tensor_shape"].get("dim", [])[1:]
            if key not in given:
                sizes = [batch, *(int(dim["size"]) for dim in shape)]
                inputs[key] = filled(sizes, 0)
    except (KeyError, TypeError) as error:
        raise Failure(f"{path}: no {error}, as TF Serving has it") from None
    return inputs


def filled(shape, value):
    """Returns nested lists of one value."""
    for size in reversed(shape):
        value = [value] * size
    return value


def shape_of(values):
    """Returns the shape of nested lists, judged by their first items."""
    return [len(values), *shape_of(values[0])] if is_list(values) else []


def flatten(values):
    """Returns the numbers of nested lists."""
    if not is_list(values):
        return [values]
    return [number for value in values for number in flatten(value)]


def is_list(value):
    """Returns whether a value is a list."""
    return isinstance(value, list)


def check(what, values, shape, bounds):
    """Raises `Failure` unless the shape is right and no number is astray."""
    if shape_of(values) != shape:
        raise Failure(f"{what}: shape {shape_of(values)}, expected {shape}")
    low, high = bounds or (-math.inf, math.inf)
    for number in flatten(values):
        if not (math.isfinite(number) and low <= number <= high):
            raise Failure(f"{what}: {number}, expected {low} to {high}")
    print(f"{what}: {' x '.join(map(str, shape))}")


def check_label(address, label, version):
    """Encodes a grey image and decodes its code again."""
    encoder = BUNDLE / "models" / "encoder" / version
    text = (encoder / "assets.extra" / "servable.json").read_text()
    facts = json.loads(text)
    grey = 128 if facts["image_dtype"] == "uint8" else 0.5
    shape = [facts["batch_size"] or 1, *facts["image_shape"]]
    inputs = {"image": filled(shape, grey)}
    model = (address, "encoder", version, "encode")
    inputs |= further_inputs(*model, inputs, shape[0])
    z = predict(address, "encoder", label, "encode", inputs)
    code_shape = [shape[0], facts["latent_dim"]]
    check(f"encoder {label} (version {version})", z, code_shape, None)
    model = (address, "decoder", version, "decode")
    inputs = {"z": z, **further_inputs(*model, ["z"], shape[0])}
    decoded = predict(address, "decoder", label, "decode", inputs)
    bounds = facts["image_range"]
    check(f"decoder {label} (version {version})", decoded, shape, bounds)


def wait_for(address, name, version, deadline):
    """Waits until a version is available."""
    path = f"/v1/models/{name}/versions/{version}"
    while True:
        try:
            [status] = call(address, path).get("model_version_status", [{}])
            if status.get("state") == "AVAILABLE":
                return
            reason = f"{name} {version} is {status.get('state')}, {status}"
        except (OSError, http.client.HTTPException, Failure) as error:
            reason = f"{address}, {error}"
        if time.monotonic() > deadline:
            raise Failure(f"not available in time: {reason}")
        time.sleep(0.5)


def main():
    """Runs the checks; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--address", default="127.0.0.1:8501", help="REST API")
    parser.add_argument("--timeout", type=float, default=60, help="seconds")
    arguments = parser.parse_args()
    labels = dict(
        re.findall(
            r'key: "(\w+)"\s+value: (\d+)',
            (BUNDLE / "models.config").read_text(),
        )
    )
    deadline = time.monotonic() + arguments.timeout
    try:
        for model in sorted((BUNDLE / "models").iterdir()):
            for version in sorted(labels.values(), key=int):
                wait_for(arguments.address, model.name, version, deadline)
        for label, version in labels.items():
            check_label(arguments.address, label, version)
    except (OSError, http.client.HTTPException, Failure, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("All well.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
