"""ALICE: models with each form of the cycle train, on replicas as on one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import Config
from ali_keras import InputError
from ali_keras import Objective
from ali_keras import noise
from tests import tiny

FORMS = ("l1", "l2", "adversarial")


def sgd():
    return [keras.optimizers.SGD(0.1) for _ in range(2)]


def adams(dtype):
    if dtype != "mixed_float16":
        return tiny.adam(), tiny.adam()
    # The first of the default scales overflow.
    return [
        keras.optimizers.LossScaleOptimizer(tiny.adam(), initial_scale=16.0)
        for _ in range(2)
    ]


def test_the_cycle_discriminator_follows_its_own_loss():
    objective = Objective(cycle="adversarial", cycle_weight=5.0)
    model = tiny.model(objective, optimizers=sgd())
    variables = model.cycle_discriminator.trainable_variables
    before = [variable.numpy() for variable in variables]
    images = tf.constant(tiny.images())
    key = noise.fold(model.seed, 0)
    with tf.GradientTape() as tape:
        terms = objective.terms(model.networks, images, key, 0, training=True)
    gradients = tape.gradient(terms["cycle_discriminator_loss"], variables)
    model.train_step(images)
    for old, variable, gradient in zip(
        before, variables, gradients, strict=True
    ):
        np.testing.assert_allclose(variable, old - 0.1 * gradient, atol=1e-6)


def test_a_weight_of_zero_trains_what_ali_trains():
    models = []
    for form in ("none", "l2"):
        objective = Objective(cycle=form, cycle_weight=0.0)
        model = tiny.model(objective, "float64", optimizers=sgd())
        model.train_step(tf.constant(tiny.images()))
        models.append(model)
    one, other = (tiny.values(model) for model in models)
    # The decoder's second call moves its statistics, nothing else differs.
    assert {
        name
        for name, distance in tiny.scattered(one, other).items()
        if distance > 1e-12 and "moving" not in name
    } == set()


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", ("l1", "l2", "adversarial"))
def test_two_replicas_train_what_one_trains(form):
    objective = Objective(
        cycle=form,
        cycle_weight=2.0,
        gradient_penalty=0.3,
        gradient_penalty_interval=2,
        encoder_shift=1,
    )
    models = []
    for num_replicas in (1, 2):
        with tiny.strategy(num_replicas).scope():
            optimizers = keras.optimizers.SGD(0.05, momentum=0.5), tiny.adam()
            model = tiny.model(objective, "float64", optimizers=optimizers)
        start = tiny.values(model)
        tiny.fit(model, tiny.batches(tiny.images(40)), batch_size=None)
        models.append(model)
    one, other = map(tiny.values, models)
    distances = tiny.scattered(one, other)
    assert {k: d for k, d in distances.items() if d > 1e-12} == {}
    kernels = {name for name in one if name.endswith("kernel")}
    assert kernels <= tiny.changed(start, one)
    tiny.check_that_copies_agree(models[1], 2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "dtype", ("float32", "mixed_bfloat16", "mixed_float16")
)
def test_every_form_trains_in_every_precision(form, dtype):
    objective = Objective(cycle=form, gradient_penalty=0.1, relativistic=True)
    model = tiny.model(objective, dtype, optimizers=adams(dtype))
    before = tiny.values(model)
    figures = model.train_step(tf.constant(tiny.images()))
    after = tiny.values(model)
    assert {k for k in after if k.endswith("kernel")} <= tiny.changed(
        before, after
    )
    assert all(np.isfinite(value).all() for value in after.values())
    assert np.isfinite([float(value) for value in figures.values()]).all()
    assert float(figures["cycle_loss"]) > 0
    is_adversarial = form == "adversarial"
    assert ("cycle_discriminator_loss" in figures) == is_adversarial
    assert model.cycle_discriminator is None or is_adversarial


def test_a_saved_model_trains_on_with_its_cycle_discriminator(tmp_path):
    model = tiny.model(Objective(cycle="adversarial", cycle_weight=2.0))
    for seed in (0, 1):
        model.train_step(tf.constant(tiny.images(seed=seed)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.objective == model.objective
    assert tiny.changed(tiny.values(model), tiny.values(loaded)) == set()
    # Adam's two slots of each, its rate and its count of steps.
    variables = [
        *model.discriminator.trainable_variables,
        *model.cycle_discriminator.trainable_variables,
    ]
    names = [n for n in tiny.values(model) if "discriminator_optimizer" in n]
    assert len(names) == 2 * len(variables) + 2
    for one in (model, loaded):
        one.train_step(tf.constant(tiny.images(seed=5)))
    assert tiny.changed(tiny.values(model), tiny.values(loaded)) == set()


def test_a_cycle_discriminator_is_needed_by_an_adversarial_cycle_alone():
    without = ali_keras.ALI(*tiny.networks())
    with_judge = ali_keras.ALI(*tiny.networks(), tiny.cycle_discriminator())
    for model, form in (
        (without, "adversarial"),
        (with_judge, "l2"),
        (with_judge, "none"),
    ):
        with pytest.raises(ValueError, match=f"only if.*cycle={form}"):
            model.compile(tiny.adam(), tiny.adam(), Objective(cycle=form))


def test_unknown_forms_and_negative_weights_are_refused():
    with pytest.raises(ValueError, match="cycle must be one of.*Received: l3"):
        Objective(cycle="l3")
    with pytest.raises(ValueError, match="cycle_weight must be at least 0"):
        Objective(cycle_weight=-1.0)
    with pytest.raises(InputError, match="cycle must be one of.*Received: l3"):
        Config.from_preset("mnist", cycle="l3")
    with pytest.raises(InputError, match="cycle_weight must be at least 0"):
        Config.from_preset("mnist", cycle_weight=-1.0)


def test_alice_mnist_is_mnist_but_for_what_the_cycle_wants():
    alice = Config.from_preset("alice_mnist")
    assert set(alice.differences(Config.from_preset("mnist"))) == {
        "preset",
        "epochs",
        "encoder_shift",
        "min_sigma",
        "cycle",
        "cycle_weight",
    }


def test_alice_trains_points_of_the_plane():
    config = Config.from_preset("mixture_5")
    model = ali_keras.build_model(config)
    points = 3 * np.random.default_rng(0).normal(size=(128, 1, 1, 2))
    figures = model.train_step(tf.constant(points, "float32"))
    # An untrained decoder knows nothing of the points.
    assert 3 < float(figures["cycle_loss"]) < 30
    assert model.reconstruct(points.astype("float32")).shape == points.shape
    layers = model.encoder.trainable_variables[::2]
    assert [layer.shape[-1] for layer in layers] == [256, 256, 2]


def test_a_configuration_builds_the_cycle_discriminator(monkeypatch):
    tables = ali_keras.architectures.ARCHITECTURES
    monkeypatch.setitem(tables, "compact", tiny.TINY)
    models = {
        form: ali_keras.build_model(Config.from_preset("mnist", cycle=form))
        for form in ("none", *FORMS)
    }
    judges = {form: m.cycle_discriminator for form, m in models.items()}
    judge = judges.pop("adversarial")
    assert set(judges.values()) == {None}
    assert judge.input_shape == [(None, 4, 4, 1)] * 2
    first = models["adversarial"].discriminator.trainable_variables[0]
    assert not np.array_equal(judge.trainable_variables[0][:, :, :1], first)
