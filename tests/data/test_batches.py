"""The order of training data, in one process and over many."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras import InputError
from ali_keras.data.batches import replicas_of
from ali_keras.data.batches import training_batches
from ali_keras.data.labels import NO_LABEL

NUM_IMAGES = 25
BATCH_SIZE = 4
ONE_PASS = NUM_IMAGES // BATCH_SIZE
# Each image is filled with its own number.
NUMBERED = np.tile(
    np.arange(NUM_IMAGES, dtype=np.uint8)[:, None, None, None], (1, 2, 2, 1)
)


def order(seed, epochs=(0, 1), steps_per_epoch=ONE_PASS, images=NUMBERED):
    """Numbers of the images of each batch, `(num_batches, BATCH_SIZE)`."""
    steps = range(*(epoch * steps_per_epoch for epoch in epochs))
    return order_of_steps(steps, steps_per_epoch, seed, images)


def order_of_steps(
    steps, steps_per_epoch=ONE_PASS, seed=0, images=NUMBERED, **replicas
):
    """Numbers of the images of each share of some steps."""
    batches = training_batches(
        images, BATCH_SIZE, seed, steps, steps_per_epoch, **replicas
    )
    pixels = np.stack([images for images, _ in tfds.as_numpy(batches)])
    return np.round(pixels[:, :, 0, 0, 0] * 255).astype(int)


def test_equal_seeds_give_equal_order():
    np.testing.assert_array_equal(order(seed=3), order(seed=3))


def test_another_seed_gives_another_order():
    assert (order(seed=3) != order(seed=4)).any()


def test_another_epoch_gives_another_order():
    first = order(seed=3, epochs=(0, 1))
    second = order(seed=3, epochs=(1, 2))
    assert (first != second).any()


@pytest.mark.parametrize("seed", range(3))
def test_a_pass_repeats_no_image_and_fills_its_batches(seed):
    numbers = order(seed)
    assert numbers.shape == (ONE_PASS, BATCH_SIZE)
    assert len(set(numbers.flat)) == numbers.size


def test_the_order_is_shuffled_and_reaches_all_images():
    numbers = order(seed=0, epochs=(0, 8))
    assert set(numbers.flat) == set(range(NUM_IMAGES))
    assert (np.diff(numbers[0]) != 1).any()


@pytest.mark.parametrize("start", [1, 2])
@pytest.mark.parametrize("steps_per_epoch", [2, ONE_PASS, 2 * ONE_PASS + 1])
def test_a_later_start_is_the_tail_of_the_run(start, steps_per_epoch):
    whole = order(5, (0, 3), steps_per_epoch)
    tail = order(5, (start, 3), steps_per_epoch)
    assert len(whole) == 3 * steps_per_epoch
    np.testing.assert_array_equal(tail, whole[start * steps_per_epoch :])


@pytest.mark.parametrize("start", range(11))
def test_any_step_can_be_had_without_those_before(start):
    whole = order(5, (0, 2), steps_per_epoch=5)
    tail = order_of_steps(range(start, 11), 5, seed=5)
    np.testing.assert_array_equal(tail[: 10 - start], whole[start:])
    assert len(tail) == 11 - start


@pytest.mark.parametrize("steps_per_epoch", [5, 2 * ONE_PASS])
@pytest.mark.parametrize(
    "workers", [[range(2)], [range(1), range(1, 2)], [range(2), range(2, 4)]]
)
def test_shares_make_up_the_batch_of_one_process(workers, steps_per_epoch):
    steps = range(3, 2 * steps_per_epoch)
    num_replicas = workers[-1].stop
    shares = [
        order_of_steps(
            steps,
            steps_per_epoch,
            replicas=replicas,
            num_replicas=num_replicas,
        ).reshape(len(steps), -1)
        for replicas in workers
    ]
    np.testing.assert_array_equal(
        np.concatenate(shares, axis=1), order_of_steps(steps, steps_per_epoch)
    )


@pytest.mark.parametrize("epoch", range(3))
def test_no_image_comes_twice_in_an_epoch_of_all_workers(epoch):
    steps = range(epoch * ONE_PASS, (epoch + 1) * ONE_PASS)
    seen = [
        number
        for replica in range(4)
        for number in order_of_steps(
            steps, replicas=range(replica, replica + 1), num_replicas=4
        ).flat
    ]
    assert len(seen) == ONE_PASS * BATCH_SIZE == len(set(seen))


@pytest.mark.parametrize(
    ("num_pipelines", "pipeline", "expected"),
    [(1, 0, range(4)), (2, 1, range(2, 4)), (4, 2, range(2, 3))],
)
def test_an_input_pipeline_feeds_its_replicas(
    num_pipelines, pipeline, expected
):
    context = tf.distribute.InputContext(num_pipelines, pipeline, 4)
    assert replicas_of(context) == expected


def test_steps_beyond_a_pass_take_a_new_permutation():
    numbers = order(seed=0, steps_per_epoch=2 * ONE_PASS)
    first, second = numbers[:ONE_PASS], numbers[ONE_PASS:]
    assert len(set(second.flat)) == second.size
    assert (first != second).any()


def test_permutations_are_close_to_uniform():
    # 400 epochs: each image opens a pass 16 times, give or take 4.
    numbers = order(seed=1, epochs=(0, 400), steps_per_epoch=1)
    opened = np.bincount(numbers[:, 0], minlength=NUM_IMAGES)
    assert opened.min() >= 2 and opened.max() <= 36


def test_values_are_8_bit_pixels_by_255():
    images = np.random.default_rng(0).integers(
        0, 256, (BATCH_SIZE, 3, 3, 1), np.uint8
    )
    batches = training_batches(images, BATCH_SIZE, 0, range(1), 1)
    ((drawn, _),) = tfds.as_numpy(batches)
    assert drawn.dtype == np.float32
    expected = images.astype(np.float32) / np.float32(255)
    assert sorted(x.tobytes() for x in drawn) == sorted(
        x.tobytes() for x in expected
    )


def test_floats_are_passed_through():
    points = np.linspace(-4, 4, BATCH_SIZE * 2, dtype=np.float32)
    points = points.reshape(BATCH_SIZE, 1, 1, 2)
    batches = training_batches(points, BATCH_SIZE, 0, range(1), 1)
    ((drawn, _),) = tfds.as_numpy(batches)
    assert sorted(x.tobytes() for x in drawn) == sorted(
        x.tobytes() for x in points
    )


def test_labels_travel_with_their_images():
    labels = np.arange(len(NUMBERED)) + 1000
    batches = training_batches(
        NUMBERED, BATCH_SIZE, 5, range(2 * ONE_PASS), ONE_PASS, labels=labels
    )
    for images, classes in tfds.as_numpy(batches):
        numbers = np.round(images[:, 0, 0, 0] * 255).astype(int)
        assert classes.dtype == np.int32
        np.testing.assert_array_equal(classes, numbers + 1000)


def test_images_without_labels_have_none_in_their_batches():
    batches = training_batches(NUMBERED, BATCH_SIZE, 5, range(2), ONE_PASS)
    for _, classes in tfds.as_numpy(batches):
        np.testing.assert_array_equal(classes, [NO_LABEL] * BATCH_SIZE)


def test_a_batch_may_hold_all_images():
    assert set(order(seed=0, images=NUMBERED[:4]).flat) == {0, 1, 2, 3}


def test_fewer_images_than_a_batch_are_refused():
    with pytest.raises(InputError, match=r"at most .* 3\. Received: 4"):
        order(seed=0, images=NUMBERED[:3])
