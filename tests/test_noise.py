"""Stateless noise: of the key alone, and alike on any number of replicas."""

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import noise

SHAPE = (4, 3)


@pytest.fixture(scope="module")
def strategy():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def on_each_replica(strategy, function):
    """Calls a function on both replicas and returns both results."""
    results = strategy.run(tf.function(function))
    return [r.numpy() for r in strategy.experimental_local_results(results)]


def draw_in_scope(key, groups, shape=SHAPE):
    with noise.scope(key, groups):
        return noise.uniform_in_scope(1, shape)


def test_a_key_is_a_function_of_seed_and_counters():
    key = noise.fold(3, 5, 2)
    assert key.shape == (2,) and key.dtype == tf.int32
    np.testing.assert_array_equal(key, noise.fold(3, 5, 2))
    np.testing.assert_array_equal(key, noise.fold(noise.fold(3, 5), 2))


def test_a_key_is_the_same_for_tensors_and_in_a_graph():
    folded = tf.function(lambda step: noise.fold(3, step, 2))
    step = tf.constant(5, tf.int64)
    np.testing.assert_array_equal(folded(step), noise.fold(3, 5, 2))


@pytest.mark.parametrize("draw", (noise.normal, noise.uniform))
def test_noise_is_a_function_of_the_key_only(draw):
    key = noise.fold(3, 5)
    first = draw(key, SHAPE)
    tf.random.set_seed(1)
    np.testing.assert_array_equal(first, draw(key, SHAPE))


def test_seeds_steps_and_streams_all_differ():
    keys = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 0), (0, 0, 1), (0, 1, 0)]
    draws = [noise.normal(noise.fold(*key), SHAPE).numpy() for key in keys]
    assert len({draw.tobytes() for draw in draws}) == len(keys)


def test_one_replica_draws_as_tensorflow_does():
    key = noise.fold(3)
    expected = tf.random.stateless_normal(SHAPE, key, alg="philox")
    np.testing.assert_array_equal(noise.normal(key, SHAPE), expected)


@pytest.mark.parametrize("dtype", ("float64", "float32", "bfloat16"))
@pytest.mark.parametrize("draw", (noise.normal, noise.uniform))
def test_noise_has_the_type_that_was_asked_for(draw, dtype):
    assert draw(noise.fold(0), SHAPE, dtype).dtype == dtype


def test_moments_of_a_large_draw():
    normal = noise.normal(noise.fold(0), (1000, 200)).numpy()
    assert normal.mean() == pytest.approx(0.0, abs=0.01)
    assert normal.std() == pytest.approx(1.0, abs=0.01)
    assert (normal**4).mean() == pytest.approx(3.0, abs=0.1)
    uniform = noise.uniform(noise.fold(0), (1000, 200)).numpy()
    assert uniform.mean() == pytest.approx(0.5, abs=0.005)
    assert uniform.std() == pytest.approx(12**-0.5, abs=0.005)
    assert uniform.min() >= 0 and uniform.max() < 1


@pytest.mark.parametrize("draw", (noise.normal, noise.uniform))
def test_two_replicas_share_the_draw_of_one(strategy, draw):
    key = noise.fold(3, 5)
    halves = on_each_replica(strategy, lambda: draw(key, SHAPE))
    together = draw(key, (2 * SHAPE[0], SHAPE[1]))
    np.testing.assert_array_equal(np.concatenate(halves), together)
    assert not np.array_equal(*halves)


def test_one_group_in_a_scope_is_split_like_any_draw(strategy):
    key = noise.fold(3, 5)
    halves = on_each_replica(strategy, lambda: draw_in_scope(key, 1))
    together = draw_in_scope(key, 1, (2 * SHAPE[0], SHAPE[1]))
    np.testing.assert_array_equal(np.concatenate(halves), together)


def test_each_of_two_groups_is_split_over_the_replicas(strategy):
    key = noise.fold(3, 5)
    first, second = on_each_replica(strategy, lambda: draw_in_scope(key, 2))
    # One replica has both encoder halves in a row, then both decoder halves.
    together = draw_in_scope(key, 2, (2 * SHAPE[0], SHAPE[1]))
    interleaved = [first[:2], second[:2], first[2:], second[2:]]
    np.testing.assert_array_equal(np.concatenate(interleaved), together)


def test_streams_of_one_scope_differ():
    with noise.scope(noise.fold(0)):
        first = noise.uniform_in_scope(1, SHAPE)
        np.testing.assert_array_equal(first, noise.uniform_in_scope(1, SHAPE))
        assert not np.array_equal(first, noise.uniform_in_scope(2, SHAPE))


def test_the_inner_scope_wins_and_the_outer_returns():
    outer = draw_in_scope(noise.fold(0), 1)
    with noise.scope(noise.fold(0)):
        inner = draw_in_scope(noise.fold(1), 1)
        np.testing.assert_array_equal(outer, noise.uniform_in_scope(1, SHAPE))
    assert not np.array_equal(inner, outer)


def test_a_scope_ends_with_an_error_inside():
    with pytest.raises(KeyError), noise.scope(noise.fold(0)):
        raise KeyError
    with pytest.raises(ValueError, match="Received: no scope"):
        noise.uniform_in_scope(1, SHAPE)
