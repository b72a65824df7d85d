"""The layers by hand; the trap that stateless dropout is there for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ali_keras import noise
from ali_keras.networks.layers import AppendNoise
from ali_keras.networks.layers import FlooredLogSigma
from ali_keras.networks.layers import Maxout
from ali_keras.networks.layers import StatelessDropout
from ali_keras.networks.layers import UntiedBias

ONES = tf.ones((8, 50))


def drop(layer, step=0, inputs=ONES):
    return in_scope(layer, step, inputs, training=True)


def in_scope(layer, step=0, inputs=ONES, **options):
    with noise.scope(noise.fold(0, step)):
        return layer(inputs, **options)


def on_each_replica(make_layer, call=drop):
    """What a call gives for the same inputs on two replicas."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = make_layer()
    results = strategy.run(tf.function(lambda: call(layer)))
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


def saved_and_loaded(layer, inputs, path):
    """The layer as it comes back from a file of a model."""
    inner = keras.Input(inputs.shape[1:])
    keras.Model(inner, layer(inner)).save(path)
    return keras.models.load_model(path).layers[-1]


ROW = np.array([[3.0, -1.0, 0.0, 2.0, -5.0, -4.0]], "float32")


@pytest.mark.parametrize(
    ("pieces", "by_hand"),
    [
        (1, [3.0, -1.0, 0.0, 2.0, -5.0, -4.0]),
        (2, [3.0, 2.0, -4.0]),
        (3, [3.0, 2.0]),
        (6, [3.0]),
    ],
)
def test_maxout_is_the_largest_of_adjacent_channels(pieces, by_hand):
    layer = Maxout(pieces)
    np.testing.assert_array_equal(layer(ROW), [by_hand])
    assert layer.compute_output_shape((None, 6)) == (None, 6 // pieces)


def test_maxout_takes_channels_of_maps():
    maps = np.arange(2 * 3 * 3 * 4, dtype="float32").reshape(2, 3, 3, 4)
    np.testing.assert_array_equal(Maxout(2)(maps), maps[..., 1::2])


@pytest.mark.parametrize("pieces", (0, -2))
def test_a_maxout_of_no_pieces_is_refused(pieces):
    with pytest.raises(ValueError, match=f"pieces .*Received: {pieces}"):
        Maxout(pieces)


def test_maxout_refuses_channels_that_do_not_divide():
    message = "divisible by pieces=4. Received: 6 channels"
    with pytest.raises(ValueError, match=message):
        Maxout(4)(ROW)


def test_maxout_comes_back_from_a_file(tmp_path):
    loaded = saved_and_loaded(Maxout(3), ROW, tmp_path / "x.keras")
    np.testing.assert_array_equal(loaded(ROW), [[3.0, 2.0]])


def test_an_untied_bias_has_a_value_for_each_place_and_channel():
    layer = UntiedBias()
    maps = np.ones((2, 3, 4, 5), "float32")
    np.testing.assert_array_equal(layer(maps), maps)
    assert layer.bias.shape == (3, 4, 5)
    bias = np.arange(60, dtype="float32").reshape(3, 4, 5)
    layer.bias.assign(bias)
    np.testing.assert_array_equal(layer(maps), [1 + bias, 1 + bias])


def test_an_untied_bias_has_the_type_of_the_policy():
    layer = UntiedBias(dtype="mixed_bfloat16")
    assert layer(tf.ones((2, 3))).dtype == tf.bfloat16
    assert layer.bias.dtype == "float32"


def test_an_untied_bias_comes_back_from_a_file(tmp_path):
    layer = UntiedBias()
    layer.build((None, 6))
    layer.bias.assign([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    loaded = saved_and_loaded(layer, ROW, tmp_path / "x.keras")
    by_hand = [[4.0, 1.0, 3.0, 6.0, 0.0, 2.0]]
    np.testing.assert_array_equal(loaded(ROW), by_hand)


def append(layer, step=0, inputs=ONES):
    """The noise that a layer appends within a scope."""
    outputs = in_scope(layer, step, inputs).numpy()
    np.testing.assert_array_equal(outputs[..., : inputs.shape[-1]], inputs)
    return outputs[..., inputs.shape[-1] :]


def test_outside_a_scope_zeros_are_appended():
    outputs = AppendNoise(2)(ONES)
    np.testing.assert_array_equal(outputs[:, :50], ONES)
    np.testing.assert_array_equal(outputs[:, 50:], np.zeros((8, 2)))


def test_appended_noise_is_standard_normal():
    noises = append(AppendNoise(3), inputs=tf.ones((100, 10, 10, 1)))
    assert noises.shape == (100, 10, 10, 3)
    assert noises.mean() == pytest.approx(0, abs=0.03)
    assert noises.std() == pytest.approx(1, abs=0.02)


def test_appended_noise_is_a_function_of_key_and_stream():
    layer, again = AppendNoise(2, stream=1), AppendNoise(2, stream=1)
    np.testing.assert_array_equal(append(layer), append(again))
    other = AppendNoise(2, stream=2)
    noises = [append(layer), append(layer, step=1), append(other)]
    assert len({values.tobytes() for values in noises}) == 3


def test_appended_noise_differs_between_replicas():
    halves = on_each_replica(lambda: AppendNoise(2), in_scope)
    assert not np.array_equal(*halves)
    together = in_scope(AppendNoise(2), inputs=tf.ones((16, 50)))
    np.testing.assert_array_equal(np.concatenate(halves), together)


def test_append_noise_comes_back_from_a_file(tmp_path):
    layer = AppendNoise(2, stream=3)
    loaded = saved_and_loaded(layer, ONES, tmp_path / "x.keras")
    assert (loaded.channels, loaded.stream) == (2, 3)
    np.testing.assert_array_equal(append(loaded), append(layer))
