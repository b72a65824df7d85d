"""Normalised layers in half precision, on replicas, saved and in a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras.networks.normalization import SpectralNormalization
from ali_keras.networks.normalization import WeightNormalization
from tests import tiny
from tests.networks.normalized import CONV
from tests.networks.normalized import DENSE
from tests.networks.normalized import KINDS
from tests.networks.normalized import TRANSPOSED
from tests.networks.normalized import WRAPPERS
from tests.networks.normalized import penalty
from tests.networks.normalized import plain
from tests.networks.normalized import wrapped


def model_of(built, shape):
    inputs = keras.Input(shape[1:])
    return keras.Model(inputs, built(inputs))


def test_gain_is_right_where_keras_puts_off_variables():
    """Layers of a subclassed model are built in a symbolic call."""

    class Late(keras.Model):
        def __init__(self):
            super().__init__()
            self.wrapper = WeightNormalization(keras.layers.Dense(4))

        def call(self, inputs):
            return self.wrapper(inputs)

    late = Late()
    late(keras.Input((3,)))
    lengths = np.linalg.norm(late.wrapper.layer.kernel, axis=0)
    np.testing.assert_allclose(late.wrapper.gain, lengths, rtol=1e-6)


@pytest.mark.parametrize("precision", ("mixed_bfloat16", "mixed_float16"))
@KINDS
@WRAPPERS
def test_kernels_are_normalised_in_float32(wrapper, kind, precision):
    exact, inputs = wrapped(wrapper, kind)
    half, _ = wrapped(wrapper, kind, dtype=precision)
    kept = model_of(half, inputs.shape)
    compute_dtype = half.layer.compute_dtype
    assert kept.output.dtype == compute_dtype
    alone = plain(half, inputs, exact.normalized_kernel(training=True))
    with tf.GradientTape() as tape:
        outputs = kept(inputs, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, "float32"))
    assert outputs.dtype == compute_dtype
    for one, other in zip(half.weights, exact.weights, strict=True):
        assert one.dtype == "float32"
        np.testing.assert_array_equal(one, other)
    for gradient in tape.gradient(loss, kept.trainable_weights):
        assert gradient.dtype == tf.float32
        assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(outputs, alone)


@WRAPPERS
def test_a_policy_of_the_whole_model_reaches_the_layer(wrapper):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        built, inputs = wrapped(wrapper, DENSE)
        model = model_of(built, inputs.shape)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model(inputs).dtype == tf.bfloat16
    exact, _ = wrapped(wrapper, DENSE)
    model(inputs, training=True)
    exact(inputs, training=True)
    for one, other in zip(built.weights, exact.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@KINDS
@WRAPPERS
def test_a_saved_model_comes_back(wrapper, kind, tmp_path):
    built, inputs = wrapped(wrapper, kind)
    model = model_of(built, inputs.shape)
    model(inputs, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for one, other in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(loaded(inputs), model(inputs))


@WRAPPERS
def test_a_clone_takes_weights(wrapper):
    options = {"name": "mine"}
    if wrapper is SpectralNormalization:
        options |= {"power_iterations": 3, "seed": 5}
    built, inputs = wrapped(wrapper, CONV, options, dtype="mixed_bfloat16")
    model = model_of(built, inputs.shape)
    model(inputs, training=True)
    clone = keras.models.clone_model(model)
    copy = clone.get_layer("mine")
    assert copy.get_config() == built.get_config()
    assert copy.layer is not built.layer
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(inputs), model(inputs))


@WRAPPERS
def test_a_saved_model_for_serving_computes_the_same(wrapper, tmp_path):
    built, inputs = wrapped(wrapper, DENSE)
    model = model_of(built, inputs.shape)
    model.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    np.testing.assert_allclose(served.serve(inputs), model(inputs), rtol=1e-6)


@WRAPPERS
def test_a_stateless_call_reads_and_returns_state(wrapper):
    built, inputs = wrapped(wrapper, DENSE)
    before = [weight.numpy() for weight in built.weights]
    others = [2 * weight.numpy() for weight in built.trainable_variables]
    states = [weight.numpy() for weight in built.non_trainable_variables]
    outputs, states = built.stateless_call(
        others, states, inputs, training=True
    )
    for weight, value in zip(built.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    for weight, value in zip(built.trainable_variables, others, strict=True):
        weight.assign(value)
    np.testing.assert_allclose(outputs, built(inputs, training=True), rtol=1e-6)
    for weight, value in zip(
        built.non_trainable_variables, states, strict=True
    ):
        np.testing.assert_allclose(weight, value, rtol=1e-6)


@WRAPPERS
def test_losses_of_the_layer_count_once(wrapper):
    built, inputs = wrapped(
        wrapper,
        DENSE,
        kernel_regularizer=keras.regularizers.L2(0.5),
        activity_regularizer=keras.regularizers.L1(0.1),
    )
    outputs = built(inputs).numpy()
    by_hand = [
        0.5 * np.square(built.layer.kernel).sum(),
        0.1 * np.abs(outputs).sum() / len(outputs),
    ]
    np.testing.assert_allclose(sorted(built.losses), sorted(by_hand), rtol=1e-5)


@WRAPPERS
def test_compiled_by_xla_it_computes_the_same(wrapper):
    compiled, inputs = wrapped(wrapper, DENSE)
    eager, _ = wrapped(wrapper, DENSE)
    outputs = tf.function(compiled, jit_compile=True)(inputs, training=True)
    expected = eager(inputs, training=True)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    for one, other in zip(compiled.weights, eager.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def trained(wrapper, kind, num_replicas):
    """Weights on each replica after steps with a gradient penalty."""
    strategy = tiny.strategy(num_replicas)
    with strategy.scope():
        built, inputs = wrapped(wrapper, kind)
        optimizer = keras.optimizers.SGD(1e-3)
        optimizer.build(built.trainable_variables)

    def step(inputs):
        with tf.GradientTape() as tape:
            outputs = built(inputs, training=True)
            again = built(2 * inputs, training=True)
            loss = tf.reduce_sum(tf.square(outputs) + again)
            loss += penalty(built, inputs)
        variables = built.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    def shard(context):
        return tf.split(inputs, num_replicas)[context.replica_id_in_sync_group]

    shards = strategy.experimental_distribute_values_from_function(shard)
    run = tf.function(lambda values: strategy.run(step, (values,)))
    for _ in range(3):
        run(shards)
    return [
        [v.numpy() for v in strategy.experimental_local_results(weight.value)]
        for weight in built.weights
    ]


def test_all_replicas_take_u_from_the_first():
    """Should their kernels ever differ in a bit, u does not drift apart."""
    strategy = tiny.strategy(2)
    with strategy.scope():
        built, _ = wrapped(SpectralNormalization, DENSE)

    @tf.function
    def assign():
        context = tf.distribute.get_replica_context()
        number = tf.cast(context.replica_id_in_sync_group, "float32")
        built.u.assign(tf.fill((4,), 5 + number))

    strategy.run(assign)
    for copy in strategy.experimental_local_results(built.u.value):
        np.testing.assert_array_equal(copy, [5, 5, 5, 5])


@pytest.mark.parametrize("kind", (CONV, TRANSPOSED), ids=("conv", "transposed"))
@WRAPPERS
def test_replicas_agree_and_equal_one(wrapper, kind):
    for copies, single in zip(
        trained(wrapper, kind, 2), trained(wrapper, kind, 1), strict=True
    ):
        first, second = copies
        assert first.tobytes() == second.tobytes()
        np.testing.assert_allclose(first, single[0], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrapper", "precision"),
    [
        pytest.param(
            SpectralNormalization, "mixed_float16", marks=pytest.mark.exhaustive
        ),
        (WeightNormalization, "float32"),
    ],
)
def test_ali_trains_with_a_wrapped_discriminator(wrapper, precision):
    def wrap(layer):
        if isinstance(layer, keras.layers.Conv2D):
            return wrapper(layer.__class__.from_config(layer.get_config()))
        return layer.__class__.from_config(layer.get_config())

    with tiny.strategy(2).scope():
        encoder, decoder, discriminator = tiny.networks(precision)
        discriminator = keras.models.clone_model(
            discriminator, clone_function=wrap
        )
        model = ali_keras.ALI(encoder, decoder, discriminator, dtype=precision)
        objective = ali_keras.Objective(gradient_penalty=0.1)
        model.compile(tiny.adam(), tiny.adam(), objective)
    before = tiny.values(model)
    model.fit(tiny.batches(tiny.images(16)), shuffle=False, verbose=0)
    tiny.check_that_copies_agree(model, 2)
    after = tiny.values(model)
    assert all(np.isfinite(value).all() for value in after.values())
    changed = {name.split("/")[-1] for name in tiny.changed(before, after)}
    assert {"kernel", "u" if wrapper is SpectralNormalization else "gain"} <= (
        changed
    )
