"""Training steps of conditional models: labels, players, replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import noise
from ali_keras.objectives import adversarial
from ali_keras.objectives.objective import Objective
from tests import tiny
from tests.conditional import models

IMAGES = tiny.images()
EVERYTHING = Objective(
    gradient_penalty=0.1,
    gradient_penalty_interval=2,
    latent_regression=0.5,
    cycle="adversarial",
    relativistic=True,
)


def judged(weight):
    """A discriminator x + z + weight * label, of single numbers."""
    inputs = [keras.Input((1,)) for _ in range(3)]
    label = keras.ops.multiply(inputs[2], weight)
    return keras.Model(inputs, keras.ops.add(inputs[0] + inputs[1], label))


def test_both_pairs_of_a_row_are_judged_with_its_label():
    column = [np.float32([[0.0], [0.0]])] * 2
    true = adversarial.adversarial_terms(
        judged(1.0),
        adversarial.in_a_row(column, column),
        noise.fold(0, 0),
        False,
        False,
        label=tf.constant([[2.0], [-1.0]]),
    )
    # Logits 2 and -1 of true pairs, and the same of made ones.
    softplus = np.log1p(np.exp([2.0, -1.0]))
    swapped = np.log1p(np.exp([-2.0, 1.0]))
    expected = np.mean(softplus + swapped)
    np.testing.assert_allclose(true["discriminator_loss"], expected, 1e-6)
    np.testing.assert_allclose(true["generator_loss"], expected, 1e-6)
    np.testing.assert_allclose(true["discriminator_accuracy"], 0.5)


def test_the_penalty_is_by_the_pairs_and_not_by_the_label():
    column = [np.float32([[0.0]] * 4)] * 2
    terms = adversarial.adversarial_terms(
        judged(100.0),
        adversarial.in_a_row(column, column),
        noise.fold(0, 0),
        True,
        False,
        penalty_interval=2,
        label=tf.ones((4, 1)),
    )
    # The gradient by x and z is (1, 1) for both kinds: half of 2, twice.
    np.testing.assert_allclose(terms["gradient_penalty"], 2.0, 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("condition", [models.CLASSES, models.ATTRIBUTES])
def test_a_step_with_all_terms_trains_every_embedding(condition):
    model = models.model(condition, EVERYTHING, ema_decay=0.9)
    before = tiny.values(model)
    logs = model.fit(data(condition), shuffle=False, verbose=0).history
    changed = tiny.changed(before, tiny.values(model))
    for network in ("encoder", "decoder", "discriminator"):
        variables = getattr(model, network).variables
        [place] = [
            n for n, v in enumerate(variables) if "label_embedding" in v.path
        ]
        assert f"{network}/{place}/kernel" in changed
        if network != "discriminator":
            assert f"{network}_ema/{place}/kernel" in changed
    assert np.isfinite(list(logs.values())).all()
    assert "cycle_discriminator_loss" in logs


def data(condition):
    return tf.data.Dataset.from_tensor_slices(
        {"image": IMAGES, condition.name: models.TOLD[condition.kind]}
    ).batch(4)


@pytest.mark.slow
def test_the_step_is_told_the_batch_s_labels():
    one, same, other = (models.model() for _ in range(3))
    one.train_on_batch(IMAGES, models.LABELS)
    same.train_on_batch(IMAGES, models.LABELS[:, None])
    other.train_on_batch(IMAGES, 1 - models.LABELS)
    assert not tiny.changed(tiny.values(one), tiny.values(same))
    assert tiny.changed(tiny.values(one), tiny.values(other))


def test_a_step_without_labels_or_with_bad_ones_is_refused():
    model = models.model()
    with pytest.raises(ValueError, match="for each image. Received: none"):
        model.train_on_batch(IMAGES)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"an integer in \[0, 1\]"
    ):
        model.train_on_batch(IMAGES, models.LABELS - 1)


@pytest.mark.slow
def test_two_replicas_train_as_one():
    values = {}
    for num_replicas in (1, 2):
        with tiny.strategy(num_replicas).scope():
            model = models.model(
                objective=Objective(gradient_penalty=0.1), dtype="float64"
            )
        batches = tiny.batches((IMAGES.astype("f8"), models.LABELS))
        model.fit(batches, epochs=3, shuffle=False, verbose=0)
        values[num_replicas] = tiny.values(model)
    distances = tiny.scattered(values[1], values[2])
    assert max(distances.values()) < 1e-9, distances


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_trains_the_embeddings(dtype):
    model = models.model(dtype=dtype)
    before = tiny.values(model)
    logs = model.train_on_batch(IMAGES, models.LABELS, return_dict=True)
    assert np.isfinite(list(logs.values())).all()
    assert tiny.changed(before, tiny.values(model))
    assert model.encode(IMAGES, models.LABELS).dtype == tf.float32


@pytest.mark.slow
def test_saved_models_go_on_to_the_bit(tmp_path):
    model = models.model(objective=EVERYTHING)
    model.train_on_batch(IMAGES, models.LABELS)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.condition == models.CLASSES
    for each in (model, loaded):
        each.train_on_batch(IMAGES, models.LABELS)
    assert not tiny.changed(tiny.values(model), tiny.values(loaded))


@pytest.mark.parametrize(
    ("shape", "dtype"), [((2,), "float32"), ((), "int32"), ((1,), "int32")]
)
def test_users_networks_train_and_save(shape, dtype, tmp_path):
    model = ali_keras.ALI(*models.user_networks(shape, dtype), num_classes=2)
    model.compile(tiny.adam(), tiny.adam())
    before = tiny.values(model)
    model.train_on_batch(IMAGES, models.LABELS)
    assert tiny.changed(before, tiny.values(model))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    one, two = (each.generate(4) for each in (model, loaded))
    np.testing.assert_array_equal(one, two)


def test_networks_of_which_only_some_take_a_label_are_refused():
    ours, plain = models.networks(), tiny.networks()
    for networks in (
        (ours[0], *plain[1:]),
        (ours[0], ours[1], plain[2]),
    ):
        with pytest.raises(ValueError, match="or none of them.*without"):
            ali_keras.ALI(*networks, num_classes=2)


@pytest.mark.parametrize(
    ("shape", "dtype", "num_classes", "message"),
    [
        ((), "int32", None, "num_classes must be given .* Received: None"),
        ((2,), "float32", 3, "one-hot labels, 2. Received: 3"),
        ((2, 2), "float32", 2, r"one shape .* \(size,\) .*"),
    ],
)
def test_num_classes_must_fit(shape, dtype, num_classes, message):
    if len(shape) == 2:
        image, label = keras.Input((4, 4, 1)), keras.Input(shape)
        flat = keras.layers.Flatten()(label)
        z = keras.layers.Dense(3)(flat)
        encoder = keras.Model([image, label], z)
        networks = (encoder, *models.user_networks()[1:])
    else:
        networks = models.user_networks(shape, dtype)
    with pytest.raises(ValueError, match=message):
        ali_keras.ALI(*networks, num_classes=num_classes)


def test_unconditional_networks_have_no_classes():
    with pytest.raises(ValueError, match="num_classes must be None"):
        ali_keras.ALI(*tiny.networks(), num_classes=2)
