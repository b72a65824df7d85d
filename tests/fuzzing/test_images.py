"""Damaged images, records and requests: an answer or one refusal, no more.

Each fuzzer runs for a bounded time and prints how many inputs it tried.
"""

import resource
import time

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from ali_keras import InputError
from ali_keras.data import image_files
from ali_keras.data import image_header
from ali_keras.data import image_header_ops
from ali_keras.data import sources
from ali_keras.data import splits
from export import encoded_images
from export.signatures import Signatures
from tests import programs
from tests import tiny
from tests.data import headers

SECONDS = 15
MAX_GROWTH = 300 * 2**20
MAX_PIXELS = 1_000_000
SEEDS = [
    *(headers.image_file(form) for form in headers.FORMATS),
    *(headers.oversized(form) for form in headers.FORMATS),
    headers.animation([(4, 5), (9, 2)]),
]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["put", "cut", "insert", "double"]),
        st.integers(0, 2**16),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=6,
)


def damage(content, edits):
    """Returns bytes with edits anywhere in them."""
    content = bytearray(content)
    for kind, position, value in edits:
        at = position % (len(content) + 1)
        if kind == "put":
            content[at : at + len(value)] = value
        elif kind == "cut":
            del content[at : at + len(value) ** 2]
        elif kind == "insert":
            content[at:at] = value
        else:
            content[at:at] = content[at : at + 20]
    return bytes(content)


def damaged(contents):
    return st.builds(damage, st.sampled_from(contents), EDITS)


def fuzz(inputs, check, max_examples=10_000):
    """Calls a function with inputs until it is time; memory must not grow."""
    begin, before = time.monotonic(), []
    counts = {"tried": 0}

    @settings(
        max_examples=max_examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def run(value):
        if time.monotonic() - begin > SECONDS:
            return
        counts["tried"] += 1
        check(value)
        if counts["tried"] == 50:  # All is warm.
            before.append(peak())

    run()
    print("inputs", counts["tried"], "seconds", time.monotonic() - begin)
    assert counts["tried"] > 50
    assert peak() - before[0] < MAX_GROWTH


def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.slow
def test_both_readers_of_headers_agree():
    def outcome(function, content):
        try:
            return int(function(content))
        except tf.errors.InvalidArgumentError:
            return "refused"

    def check(content):
        counted = outcome(image_header.count_pixels, content)
        assert counted == outcome(image_header_ops.count_pixels, content)

    fuzz(damaged(SEEDS), check)


@pytest.mark.slow
def test_no_header_lies_about_what_is_decoded():
    def check(content):
        try:
            image_header.check(content, MAX_PIXELS)
            image = tf.io.decode_image(content, expand_animations=False)
        except tf.errors.InvalidArgumentError:
            return
        height, width, _ = image.shape
        assert height * width <= image_header.count_pixels(content)

    fuzz(damaged(SEEDS), check)


@pytest.mark.slow
def test_files_of_a_folder(tmp_path):
    path = tmp_path / "image.png"

    def check(content):
        path.write_bytes(content)
        found = image_files.examine(path, MAX_PIXELS)
        assert isinstance(found, (image_files.ImageFile, image_files.BadImage))
        assert "\n" not in getattr(found, "reason", "")

    fuzz(damaged(SEEDS), check)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_image_files_in_a_request():
    @tf.function(
        autograph=False, input_signature=[tf.TensorSpec((None,), tf.string)]
    )
    def decode(files):
        return encoded_images.decode(files, 4, 1, None, MAX_PIXELS)

    def check(files):
        try:
            images = decode(tf.constant(files, tf.string)).numpy()
        except tf.errors.InvalidArgumentError:
            return
        assert images.shape == (len(files), 4, 4, 1)
        assert images.min() >= 0 and images.max() <= 1

    files = st.lists(
        damaged(SEEDS) | st.sampled_from(SEEDS), min_size=1, max_size=3
    )
    fuzz(files, check)


@pytest.mark.slow
def test_records_of_tfds(tmp_path):
    programs.store_dataset(tmp_path, "tiny", {"train": 5}, (4, 4, 1))
    (path,) = tmp_path.glob("tiny/1.0.0/*.tfrecord*")
    whole = path.read_bytes()
    builder = sources.open_dataset("tiny", str(tmp_path))
    names = set(programs.snapshot(tmp_path))

    def check(content):
        path.write_bytes(content)
        try:
            images, _ = splits.load_arrays(builder, "train", 4, 1)
        except InputError as error:
            assert "\n" not in str(error)
            return
        assert images.shape == (5, 4, 4, 1)

    fuzz(damaged([whole]), check)
    assert set(programs.snapshot(tmp_path)) == names


NUMBERS = st.sampled_from(
    [0, 0.5, 1, -1, 2, np.nan, np.inf, -np.inf, 1e38, -1e-45]
)
SHAPES = st.sampled_from(
    [(1, 4, 4, 1), (0, 4, 4, 1), (2, 4, 4, 3), (1, 9, 9, 1), (3, 3), (0, 3)]
    + [(1, 3), (1, 4), (4, 4), (), (1, 0, 0, 1), (70, 3)]
)
INTEGERS = st.integers(-(2**31), 2**31 - 1)
REQUESTS = st.tuples(SHAPES, st.lists(NUMBERS, min_size=1, max_size=5))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The signatures of the tiny model's servables, by name."""
    found, loaded = {}, []
    for name in ("encoder", "decoder", "reconstructor"):
        path = tmp_path_factory.mktemp(name)
        archive = getattr(Signatures(tiny.model()), name)()
        archive.write_out(str(path), verbose=False)
        loaded.append(tf.saved_model.load(str(path)))
        found |= loaded[-1].signatures
    yield found


@pytest.mark.slow
def test_numbers_in_a_request(served):
    names = sorted(set(served) - {"encode_jpeg", "serving_default"})

    def check(request):
        name, (shape, values), seed, count = request
        array = np.resize(np.array(values, "float32"), shape)
        pool = {
            "image": array,
            "z": array,
            "seed": np.int32(seed),
            "count": np.int32(count),
        }
        inputs = served[name].structured_input_signature[1]
        try:
            answer = served[name](**{k: tf.constant(pool[k]) for k in inputs})
        except (tf.errors.InvalidArgumentError, TypeError, ValueError):
            return  # TensorFlow checks shapes in Python first.
        for output in answer.values():
            assert np.isfinite(output).all()

    counts = INTEGERS | st.integers(-1, 5)
    requests = st.tuples(st.sampled_from(names), REQUESTS, INTEGERS, counts)
    fuzz(requests, check)
