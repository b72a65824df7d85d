"""A fuzzer of replies to the client: a value or one error, nothing else.

`hypothesis` changes real answers of TF Serving, as messages, as JSON and as
bytes on the wire. It draws the same examples in each run.
"""

import datetime
import resource

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as some

from ali_keras.client import Encoding
from ali_keras.client import ServerError
from ali_keras.errors import InputError
from tests.fuzzing import replies
from tests.fuzzing.replies import CODES
from tests.fuzzing.replies import IMAGES

NUM_EXAMPLES = 5_000  # Of each kind: 10,000 of each transport.
MAX_GROWTH = 100_000  # KiB. A small reply may claim a tensor of any size.
CALLS = {
    "encode": lambda client: client.encode(IMAGES),
    "encode_jpeg": lambda client: client.encode_jpeg([b"1", b"2"]),
    "features": lambda client: client.features(IMAGES),
    "decode": lambda client: client.decode(CODES),
    "reconstruction_error": lambda client: client.reconstruction_error(IMAGES),
    "interpolate": lambda client: client.interpolate(IMAGES[:1], IMAGES[:1], 2)[
        0
    ],
}
# Edits of a JSON value: at which place, and what comes there.
NUMBERS = (0, -1, 3, 2**31, 2**40, 2**63, 2**64, 0.5, 1e300, float("nan"))
WORDS = ("", "DT_STRING", "DT_INT32", "9" * 20, "Infinity", "\ud800\x1b[2J\n")
OTHERS = (None, True, [], {}, [[1], [1, 2]], [None], {"a": {}}, {"error": 1})
VALUES = some.sampled_from([*NUMBERS, *WORDS, *OTHERS, "delete", "double"])
JSON_EDITS = some.lists(
    some.tuples(some.integers(0, 300), VALUES), min_size=1, max_size=3
)
# Edits of bytes: where, how many go, and what comes instead.
BYTE_EDITS = some.lists(
    some.tuples(
        some.integers(0, 3000), some.integers(0, 9), some.binary(max_size=5)
    ),
    min_size=1,
    max_size=3,
)
KINDS = {
    "messages": ("grpc", replies.as_messages, JSON_EDITS),
    "message bytes": ("grpc", replies.as_message_bytes, BYTE_EDITS),
    "JSON": ("rest", replies.as_json, JSON_EDITS),
    "HTTP": ("rest", replies.as_http, BYTE_EDITS),
}


def check_outcome(client, call):
    """A value of arrays with a row for each input, or one line of words."""
    try:
        value = CALLS[call](client)
    except (ServerError, InputError) as error:
        str(error).encode()
        assert str(error).isprintable()
        return
    for array in value if isinstance(value, Encoding) else [value]:
        if array is not None:
            assert array.dtype.kind in "fiu"
            assert len(array) == 2


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", KINDS)
def test_any_reply_gives_a_value_or_one_error(kind):
    transport, write, edits = KINDS[kind]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @hypothesis.settings(
        max_examples=NUM_EXAMPLES,
        derandomize=True,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        database=None,
        deadline=datetime.timedelta(seconds=10),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(some.sampled_from(sorted(CALLS)), some.booleans(), edits)
    def check(call, edits_metadata, edits):
        def reply(name):
            is_edited = edits_metadata == (name is None)
            return write(name, edits if is_edited else [])

        with replies.asking(transport, reply) as client:
            check_outcome(client, call)

    check()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MAX_GROWTH


@pytest.mark.parametrize("kind", KINDS)
def test_replies_that_were_not_edited_are_understood(kind):
    transport, write, _ = KINDS[kind]
    with replies.asking(transport, lambda name: write(name, [])) as client:
        np.testing.assert_array_equal(client.encode(IMAGES).z_mean, CODES)
        assert client.features(IMAGES).shape == (2, 5)
        np.testing.assert_array_equal(client.decode(CODES), IMAGES)


def in_signature(name, **fields):
    """A reply with another field of a signature's first input and output."""
    signatures = type(replies.SIGNATURES)()
    signatures.CopyFrom(replies.SIGNATURES)
    signature = signatures.signature_def[name]
    for infos in (signature.inputs, signature.outputs):
        for info in infos.values():
            for field, value in fields.items():
                setattr(info.tensor_shape.dim[0], field, value)
    return replies.in_metadata(None, signatures.SerializeToString())


def huge(name):
    """A prediction of a few bytes that stands for many gigabytes."""
    answer = replies.prediction(name)
    for tensor in answer.outputs.values():
        tensor.ClearField("tensor_content")
        tensor.tensor_shape.dim[1].size = 2**40
    return answer.SerializeToString()


# What the fuzzer found, to be tested in no time.
FOUND = {
    "one value for all of a huge tensor": (
        "grpc",
        lambda name: huge(name) if name else replies.as_messages(name, []),
        "at most 4194304 bytes",
    ),
    "a fixed batch that no memory holds": (
        "grpc",
        lambda name: in_signature("features", size=2**40),
        "must fit into max_message_bytes",
    ),
    "no output of that name": (
        "grpc",
        lambda name: replies.as_messages(None, [(0, {})]),
        "must have the signature",
    ),
    "half a message": (
        "grpc",
        lambda name: replies.in_metadata(None, b"\n"),
        "no answer as TF Serving writes it: DecodeError",
    ),
    "JSON that is too deep": (
        "rest",
        lambda name: replies.over_http(b"[" * 100_000),
        "no JSON object",
    ),
    "half a character": (
        "rest",
        lambda name: replies.as_json(None, [(3, "\ud800")]),
        "no answer as TF Serving writes it",
    ),
    "orders to a terminal": (
        "rest",
        lambda name: replies.over_http(
            rb'{"error": "\u001b[2J\ud800\ngone"}', "404 Not Found"
        ),
        r"^NOT_FOUND: \?\[2J\? gone$",
    ),
}


@pytest.mark.parametrize("found", FOUND)
def test_what_was_found_is_one_line(found):
    transport, reply, words = FOUND[found]
    with replies.asking(transport, reply) as client:
        with pytest.raises((ServerError, InputError), match=words) as caught:
            client.features(IMAGES)
    assert str(caught.value).isprintable()
