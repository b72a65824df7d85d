"""Stateless dropout, and the trap that it is there for; the floor of sigma."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ali_keras import noise
from ali_keras.layers import FlooredLogSigma
from ali_keras.layers import StatelessDropout

ONES = tf.ones((8, 50))


def drop(layer, step=0, inputs=ONES):
    with noise.scope(noise.fold(0, step)):
        return layer(inputs, training=True)


def on_each_replica(make_layer):
    """A layer's output for the same inputs on two replicas."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = make_layer()
    results = strategy.run(tf.function(lambda: drop(layer)))
    return [r.numpy() for r in strategy.experimental_local_results(results)]


@pytest.mark.parametrize("rate", (-0.1, 1.0, 2.0))
def test_a_rate_outside_0_to_1_is_refused(rate):
    message = rf"rate must lie in \[0, 1\). Received: rate={rate}"
    with pytest.raises(ValueError, match=message):
        StatelessDropout(rate)


def test_a_mask_repeats_for_the_same_step_and_stream():
    layer = StatelessDropout(0.5, stream=1)
    again = StatelessDropout(0.5, stream=1)
    np.testing.assert_array_equal(drop(layer), drop(again))


def test_a_mask_differs_for_another_step_or_stream():
    layer = StatelessDropout(0.5, stream=1)
    other = StatelessDropout(0.5, stream=2)
    masks = [drop(layer), drop(layer, step=1), drop(other)]
    assert len({mask.numpy().tobytes() for mask in masks}) == 3


@pytest.mark.parametrize("rate", (0.2, 0.5))
def test_inputs_are_dropped_at_the_rate_and_the_rest_scaled(rate):
    dropped = drop(StatelessDropout(rate), inputs=tf.ones((100, 400))).numpy()
    kept = dropped[dropped != 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-6)
    assert kept.size / dropped.size == pytest.approx(1 - rate, abs=0.01)


def test_a_rate_of_zero_needs_no_scope_and_drops_nothing():
    layer = StatelessDropout(0.0)
    np.testing.assert_array_equal(layer(ONES, training=True), ONES)


def test_inference_is_the_identity_and_needs_no_scope():
    layer = StatelessDropout(0.5)
    np.testing.assert_array_equal(layer(ONES), ONES)
    np.testing.assert_array_equal(layer(ONES, training=False), ONES)


def test_training_outside_a_scope_is_refused():
    with pytest.raises(ValueError, match="noise.scope.*Received: no scope"):
        StatelessDropout(0.5)(ONES, training=True)


def test_outputs_have_the_type_of_the_policy():
    layer = StatelessDropout(0.5, dtype="mixed_bfloat16")
    assert drop(layer).dtype == tf.bfloat16


def test_gradients_flow_where_inputs_were_kept():
    with tf.GradientTape() as tape:
        tape.watch(ONES)
        dropped = drop(StatelessDropout(0.5))
    np.testing.assert_array_equal(tape.gradient(dropped, ONES), dropped)


def test_a_layer_comes_back_from_its_configuration():
    layer = StatelessDropout(0.3, stream=4, name="drop")
    saved = keras.saving.serialize_keras_object(layer)
    loaded = keras.saving.deserialize_keras_object(saved)
    assert isinstance(loaded, StatelessDropout)
    assert (loaded.rate, loaded.stream, loaded.name) == (0.3, 4, "drop")
    np.testing.assert_array_equal(drop(loaded), drop(layer))


def test_it_has_no_variables():
    layer = StatelessDropout(0.3)
    layer.build((None, 5))
    assert layer.variables == []


def test_keras_dropout_draws_alike_on_all_replicas():
    first, second = on_each_replica(lambda: keras.layers.Dropout(0.5, seed=0))
    assert (first == 0).any()
    np.testing.assert_array_equal(first, second)


def test_stateless_dropout_differs_between_replicas():
    halves = on_each_replica(lambda: StatelessDropout(0.5))
    assert not np.array_equal(*halves)
    together = drop(StatelessDropout(0.5), inputs=tf.ones((16, 50)))
    np.testing.assert_array_equal(np.concatenate(halves), together)


def test_sigma_stays_above_its_floor():
    layer = FlooredLogSigma(0.1)
    sigma = np.exp(layer(np.array([-50.0, -3.0, 0.0, 2.0], "float32")))
    by_hand = 0.1 + 0.9 * np.exp([-50.0, -3.0, 0.0, 2.0])
    np.testing.assert_allclose(sigma, by_hand, rtol=1e-5)


@pytest.mark.parametrize("floor", (0.0, 1.0, -1.0))
def test_a_floor_outside_0_to_1_is_refused(floor):
    with pytest.raises(ValueError, match=f"floor .*Received: floor={floor}"):
        FlooredLogSigma(floor)


def test_a_floor_comes_back_from_its_configuration():
    layer = FlooredLogSigma(0.25)
    saved = keras.saving.serialize_keras_object(layer)
    assert keras.saving.deserialize_keras_object(saved).floor == 0.25
