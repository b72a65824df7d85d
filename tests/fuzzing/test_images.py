"""Damaged images, records and requests: an answer or one refusal, no more."""

import numpy as np
import pytest
import tensorflow as tf

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
from tests.fuzzing import headers
from tests.fuzzing import mutations

pytestmark = pytest.mark.exhaustive
NUM_INPUTS = 10_000
# Times that a data set is opened anew, and read anew: both take long.
NUM_OPENED, NUM_READ = 40, 600
MAX_GROWTH = 300  # MiB.
MAX_PIXELS = 1_000_000
SEEDS = [
    *(headers.image_file(form) for form in headers.FORMATS),
    *(headers.oversized(form) for form in headers.FORMATS),
    headers.animation([(4, 5), (9, 2)]),
]
NUMBERS = [0, 0.5, 1, -1, 2, np.nan, np.inf, -np.inf, 1e38, -1e-45]
SHAPES = [(1, 4, 4, 1), (0, 4, 4, 1), (2, 4, 4, 3), (1, 9, 9, 1), (3, 3)]
SHAPES += [(0, 3), (1, 3), (1, 4), (4, 4), (), (1, 0, 0, 1), (70, 3)]


def fuzz(check, num_inputs=NUM_INPUTS):
    """Calls a function with generators of numbers; memory must not grow."""
    warm = []

    def one(seed):
        check(mutations.generator(seed))
        if not warm:
            warm.append(mutations.peak_memory())

    mutations.run(num_inputs, one)
    assert mutations.peak_memory() - warm[0] < MAX_GROWTH


def damaged(rng):
    """An image file, changed at random."""
    return mutations.mutate_bytes(rng.choice(SEEDS), rng)


def damaged_or_whole(rng):
    return rng.choice([damaged(rng), rng.choice(SEEDS)])


def integer(rng):
    return rng.randint(-(2**31), 2**31 - 1)


def test_both_readers_of_headers_agree():
    def outcome(function, content):
        try:
            return int(function(content))
        except tf.errors.InvalidArgumentError:
            return "refused"

    def check(rng):
        content = damaged(rng)
        counted = outcome(image_header.count_pixels, content)
        assert counted == outcome(image_header_ops.count_pixels, content)

    fuzz(check)


def test_no_header_lies_about_what_is_decoded():
    def check(rng):
        content = damaged(rng)
        try:
            image_header.check(content, MAX_PIXELS)
            image = tf.io.decode_image(content, expand_animations=False)
        except tf.errors.InvalidArgumentError:
            return
        height, width, _ = image.shape
        assert height * width <= image_header.count_pixels(content)

    fuzz(check)


def test_files_of_a_folder(tmp_path):
    path = tmp_path / "image.png"

    def check(rng):
        path.write_bytes(damaged(rng))
        found = image_files.examine(path, MAX_PIXELS)
        assert isinstance(found, (image_files.ImageFile, image_files.BadImage))
        assert "\n" not in getattr(found, "reason", "")

    fuzz(check)
    assert list(tmp_path.iterdir()) == [path]


def test_image_files_in_a_request():
    @tf.function(
        autograph=False, input_signature=[tf.TensorSpec((None,), tf.string)]
    )
    def decode(files):
        return encoded_images.decode(files, 4, 1, None, MAX_PIXELS)

    def check(rng):
        files = [damaged_or_whole(rng) for _ in range(rng.randint(1, 3))]
        try:
            images = decode(tf.constant(files, tf.string)).numpy()
        except tf.errors.InvalidArgumentError:
            return
        assert images.shape == (len(files), 4, 4, 1)
        assert images.min() >= 0 and images.max() <= 1

    fuzz(check)


@pytest.fixture
def records(tmp_path):
    """A data set of one file: its builder, and the file's path."""
    programs.store_dataset(tmp_path, "tiny", {"train": 5}, (4, 4, 1))
    (path,) = tmp_path.glob("tiny/1.0.0/*.tfrecord*")
    return sources.open_dataset("tiny", str(tmp_path)), path


def test_a_data_set_of_damaged_records(records, tmp_path):
    builder, path = records
    whole, names = path.read_bytes(), set(programs.snapshot(tmp_path))

    def check(rng):
        path.write_bytes(mutations.mutate_bytes(whole, rng))
        try:
            images, _ = splits.load_arrays(builder, "train", 4, 1)
        except InputError as error:
            assert "\n" not in str(error)
            return
        assert images.shape == (5, 4, 4, 1)

    fuzz(check, NUM_OPENED)
    assert set(programs.snapshot(tmp_path)) == names


def test_damaged_records(records):
    builder, path = records
    whole = path.read_bytes()
    options = tf.data.Options()  # Rewriting the same graph takes the most.
    options.experimental_optimization.apply_default_optimizations = False
    examples = splits.read_examples(builder, "train", 4, 1)
    batches = examples.batch(5).with_options(options)

    def check(rng):
        path.write_bytes(mutations.mutate_bytes(whole, rng))
        try:
            shapes = [batch["image"].shape for batch in batches]
        except tf.errors.OpError as error:
            assert "\n" not in image_header.error_words(error)
            return
        assert sum(shape[0] for shape in shapes) <= 5

    fuzz(check, NUM_READ)


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


def test_numbers_in_a_request(served):
    names = sorted(set(served) - {"encode_jpeg", "serving_default"})

    def check(rng):
        name, shape = rng.choice(names), rng.choice(SHAPES)
        values = rng.choices(NUMBERS, k=rng.randint(1, 5))
        array = np.resize(np.array(values, "float32"), shape)
        pool = {
            "image": array,
            "z": array,
            "seed": np.int32(integer(rng)),
            "count": np.int32(rng.choice([integer(rng), rng.randint(-1, 5)])),
        }
        inputs = served[name].structured_input_signature[1]
        try:
            answer = served[name](**{k: tf.constant(pool[k]) for k in inputs})
        except (tf.errors.InvalidArgumentError, TypeError, ValueError):
            return  # TensorFlow checks shapes in Python first.
        for output in answer.values():
            assert np.isfinite(output).all()

    fuzz(check)
