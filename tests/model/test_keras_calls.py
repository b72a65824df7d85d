"""Calls of `keras.Model`: what works, and what is refused in one sentence."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ali_keras import ALI
from ali_keras import Objective
from tests import tiny

IMAGES = tiny.images()
LABELS = np.arange(8)
WEIGHTS = np.ones(8, "float32")


@pytest.fixture(scope="module")
def model():
    """A model that no test trains."""
    return tiny.model(Objective(gradient_penalty=0.1), run_eagerly=True)


def refuses(message):
    return pytest.raises(ValueError, match=f"(?s)^(?!.*\n).*{message}")


@pytest.mark.parametrize(
    "method, arguments",
    (
        ("fit", {"sample_weight": WEIGHTS}),
        ("fit", {"class_weight": {0: 2.0}}),
        ("fit", {"validation_data": (IMAGES, LABELS, WEIGHTS)}),
        ("evaluate", {"sample_weight": WEIGHTS}),
        ("train_on_batch", {"sample_weight": WEIGHTS}),
        ("train_on_batch", {"class_weight": {0: 2.0}}),
        ("test_on_batch", {"sample_weight": WEIGHTS}),
    ),
)
def test_weights_are_refused(model, method, arguments):
    quiet = {"verbose": 0} if method in ("fit", "evaluate") else {}
    with refuses("repeat an image to weigh it"):
        getattr(model, method)(IMAGES, LABELS, **arguments, **quiet)


def test_weights_by_position_and_in_batches_are_refused(model):
    with refuses("must be called without sample_weight"):
        model.train_on_batch(IMAGES, LABELS, WEIGHTS)
    data = tiny.batches((IMAGES, LABELS, WEIGHTS))
    for method in (model.fit, model.evaluate):
        with refuses("Received: a tuple of 3"):
            quiet = {"shuffle": False} if method == model.fit else {}
            method(data, verbose=0, **quiet)
    assert int(model.step) == 0


def test_a_batch_at_a_time_works():
    model = tiny.model(run_eagerly=True)
    figures = model.train_on_batch(IMAGES, LABELS, return_dict=True)
    assert np.isfinite([*figures.values()]).all()
    assert len(model.test_on_batch(IMAGES)) == len(model.metrics_names)


@pytest.mark.parametrize(
    "arguments, instead",
    (
        ({"optimizer": "adam"}, "pass generator_optimizer and"),
        ({"loss": "mse"}, "pass objective="),
        ({"loss_weights": [1.0]}, "weights of ali_keras.Objective"),
        ({"metrics": ["mae"]}, "a term of the objective is reported"),
        ({"weighted_metrics": ["mae"]}, "there are no sample weights"),
        ({"auto_scale_loss": True}, "always scaled"),
    ),
)
def test_compile_says_what_to_use_instead(model, arguments, instead):
    (name,) = arguments
    with refuses(f"without {name}: .*{instead}.*Received: {name}="):
        model.compile(tiny.adam(), tiny.adam(), **arguments)


def test_compile_wants_two_optimizers(model):
    with refuses("two optimizers.*Received: None and None"):
        model.compile()
    with refuses("two optimizers.*Received: 'adam' and None"):
        model.compile("adam")
    adam = tiny.adam()
    with refuses("the same Adam twice"):
        model.compile(adam, adam)
    average = keras.optimizers.Adam(use_ema=True)
    with refuses(r"ALI\(ema_decay=...\). Received: Adam with use_ema"):
        model.compile(average, tiny.adam())


@pytest.mark.parametrize(
    "objective",
    (Objective(), Objective(cycle="l2", gradient_penalty=0.1)),
    ids=("paper", "more terms"),
)
def test_the_names_are_those_of_what_evaluate_returns(objective):
    model = tiny.model(objective, run_eagerly=True)
    names = model.metrics_names
    values = model.evaluate(IMAGES, verbose=0)
    figures = model.evaluate(IMAGES, verbose=0, return_dict=True)
    assert figures == dict(zip(names, values, strict=True))
    assert "loss" not in names
    assert names == [m.name for m in model.metrics if m.name in names]


def test_a_model_that_was_not_compiled_has_no_names_and_no_optimizer():
    model = ALI(*tiny.networks())
    assert model.metrics_names == [] and model.optimizer is None


def test_shapes_are_those_of_images(model):
    assert model.input_shape == model.output_shape == (None, 4, 4, 1)
    for name in ("inputs", "outputs"):
        with pytest.raises(AttributeError, match="use those of model.encoder"):
            getattr(model, name)


@pytest.mark.parametrize("name", ("x.h5", "x.hdf5"))
def test_hdf5_is_refused(model, tmp_path, name):
    with refuses("must be saved to a .keras file"):
        model.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_empty_prediction_is_refused(model):
    with refuses("at least one image. Received: none"):
        model.predict(IMAGES[:0], verbose=0)
    empty = tf.data.Dataset.from_tensor_slices(IMAGES[:0]).batch(4)
    with pytest.warns(UserWarning, match="ran out of data"):
        with refuses("at least one image. Received: none"):
            model.predict(empty, verbose=0)


@pytest.mark.parametrize("call", ("encode", "reconstruct", "features"))
def test_an_image_without_a_batch_axis_is_refused(model, call):
    with refuses(r"pass image\[None\]. Received: \(batch, 4, 1\)"):
        getattr(model, call)(np.zeros((4, 4, 1), "float32"))
    with refuses(r"\(batch, 4, 4, 1\). Received: \(batch, 4, 4, 3\)"):
        getattr(model, call)(np.zeros((1, 4, 4, 3), "float32"))


def test_images_of_another_shape_are_refused_in_training(model):
    for images in (np.zeros((8, 4, 4), "float32"), tiny.images(channels=3)):
        with refuses(r"Images must have the shape \(batch, 4, 4, 1\)"):
            model.fit(images, verbose=0)
        with refuses(r"Images must have the shape \(batch, 4, 4, 1\)"):
            model.evaluate(images, verbose=0)


def test_model_optimizer_cannot_be_set(model):
    with refuses("compile the model again. Received: Adam"):
        model.optimizer = tiny.adam()
    assert isinstance(model.optimizer.iterations, keras.Variable)
    assert len(model.optimizer.variables) == len(
        model.generator_optimizer.variables
        + model.discriminator_optimizer.variables
    )


def test_a_tf_function_of_the_model_takes_any_batch(model):
    encode = tf.function(
        model.encode, input_signature=[tf.TensorSpec((None, 4, 4, 1))]
    )
    np.testing.assert_allclose(
        encode(IMAGES), model.encode(IMAGES), rtol=1e-5, atol=1e-6
    )
