"""Networks that do not fit together are refused when the model is made."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from tests import tiny

IMAGES = tiny.images()
LAYERS = keras.layers


def encoder(outputs=None, dense=LAYERS.Dense, size=3):
    """Two tensors of an image, or what a function makes of them."""
    image = keras.Input((4, 4, 1))
    h = LAYERS.Flatten()(image)
    mean, log_sigma = dense(size)(h), dense(size)(h)
    outputs = outputs or (lambda m, s: {"z_mean": m, "z_log_sigma": s})
    return keras.Model(image, outputs(mean, log_sigma), name="encoder")


def decoder(shape=(4, 4, 1), activation="sigmoid", size=3):
    z = keras.Input((size,))
    h = LAYERS.Dense(int(np.prod(shape)), activation)(z)
    return keras.Model(z, LAYERS.Reshape(shape)(h), name="decoder")


def judge(*shapes, logit=None):
    inputs = [keras.Input(shape) for shape in shapes]
    h = LAYERS.Concatenate()([LAYERS.Flatten()(x) for x in inputs])
    return keras.Model(inputs, (logit or LAYERS.Dense(1))(h))


def discriminator(logit=None):
    return judge((4, 4, 1), (3,), logit=logit)


class Subclassed(keras.Model):
    def call(self, x):
        return x


class NoConfig(LAYERS.Layer):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, x):
        return self.factor * x


def named(network, *names):
    """The same with its inputs in a dictionary."""
    inputs = {
        name: keras.Input(tensor.shape[1:], name=name)
        for name, tensor in zip(names, network.inputs, strict=True)
    }
    values = list(inputs.values())
    return keras.Model(
        inputs, network(values[0] if len(values) == 1 else values)
    )


CASES = {
    "list": (dict(encoder=encoder(lambda m, s: [m, s])), "a list of 2 tensors"),
    "keys": (dict(encoder=encoder(lambda m, s: {"mean": m})), r"\['mean'\]"),
    "log variance": (
        dict(encoder=encoder(lambda m, s: {"z_mean": m, "z_log_var": s})),
        r"z_log_sigma, half of the log-variance. Received: .*'z_log_var'",
    ),
    "log sigma": (
        dict(
            encoder=encoder(
                lambda m, s: {
                    "z_mean": m,
                    "z_log_sigma": LAYERS.Dense(1)(s),
                }
            )
        ),
        r"z_log_sigma .* \(batch, 3\). Received: \(batch, 1\)",
    ),
    "latent size": (
        dict(encoder=encoder(size=5)),
        r"z_mean must .* \(batch, 3\). Received: \(batch, 5\)",
    ),
    "image": (
        dict(decoder=decoder((4, 4, 3))),
        r"image must .* \(batch, 4, 4, 1\). Received: \(batch, 4, 4, 3\)",
    ),
    "swapped": (
        dict(discriminator=judge((3,), (4, 4, 1))),
        "which is the other way round",
    ),
    "judge's z": (
        dict(discriminator=judge((4, 4, 1), (4,))),
        r"\(batch, 3\). Received: \(batch, 4, 4, 1\), \(batch, 4\)$",
    ),
    "one input more": (
        dict(discriminator=judge((4, 4, 1), (3,), (3,))),
        "or none of them. Received: encoder without, .* discriminator with$",
    ),
    "two inputs more": (
        dict(discriminator=judge((4, 4, 1), (3,), (3,), (3,))),
        r"a list of two, \[image, z\]",
    ),
    "named input": (
        {"decoder": named(decoder(), "z")},
        "one input, a tensor. Received: 1 in a dictionary",
    ),
    "named inputs": (
        {"discriminator": named(discriminator(), "x", "z")},
        r"a list of two, .* Received: a dictionary of \(batch, 4",
    ),
    "logits": (
        dict(discriminator=discriminator(LAYERS.Reshape((19, 1)))),
        r"or one for each class, .* Received: \(batch, 19, 1\)",
    ),
    # It compares images, and tells no classes.
    "cycle logits": (
        dict(
            cycle_discriminator=judge(
                (4, 4, 1), (4, 4, 1), logit=LAYERS.Dense(2)
            )
        ),
        r"\(batch, 1\), without a sigmoid. Received: \(batch, 2\)",
    ),
    "not built": (
        dict(decoder=keras.Sequential([LAYERS.Dense(16)])),
        r"decoder must be built: begin .* with keras.Input\(shape\)",
    ),
    "subclassed": (
        dict(decoder=Subclassed()),
        r"functional or Sequential .*; wrap it: .* Received: Subclassed",
    ),
    "no model": (dict(encoder=len), "Received: builtin_function_or_method"),
    "cycle": (
        dict(cycle_discriminator=judge((4, 4, 1), (3,))),
        r"cycle_discriminator's inputs .* \[image, other image\]",
    ),
    "tanh": (
        dict(decoder=decoder(activation="tanh")),
        r"a sigmoid at its end; or pass bounded=False.* pixels from -0\.",
    ),
    "linear": (dict(decoder=decoder(activation=None)), "pixels from -"),
    "no configuration": (
        dict(encoder=encoder(lambda m, s: {"z_mean": NoConfig(2.0)(m)})),
        r"from_config\(get_config\(\)\).* of class NoConfig \(",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_in_one_sentence(case):
    changes, message = CASES[case]
    networks = dict(
        encoder=encoder(), decoder=decoder(), discriminator=discriminator()
    )
    with pytest.raises(ValueError, match=message) as error:
        ali_keras.ALI(**{**networks, **changes})
    assert "\n" not in str(error.value)


def test_any_range_is_allowed_where_images_have_none():
    model = ali_keras.ALI(
        encoder(), decoder(activation="tanh"), discriminator(), bounded=False
    )
    assert np.min(model.generate(8)) < 0


def compiled(*networks, **options):
    model = ali_keras.ALI(*networks, seed=7)
    model.compile(tiny.adam(), tiny.adam(), run_eagerly=True, **options)
    return model


@pytest.mark.parametrize("make", ("functional", "sequential"))
def test_an_encoder_of_a_plain_tensor_is_deterministic(make, tmp_path):
    plain = encoder(lambda m, s: m)
    if make == "sequential":
        plain = keras.Sequential(
            [keras.Input((4, 4, 1)), LAYERS.Flatten(), LAYERS.Dense(3)]
        )
    model = compiled(plain, decoder(), discriminator())
    np.testing.assert_allclose(model.encode(IMAGES), plain(IMAGES), rtol=1e-5)
    model.train_step(tf.constant(IMAGES))
    codes = model.encode(IMAGES, sample=True)
    np.testing.assert_array_equal(codes, model.encode(IMAGES))
    np.testing.assert_allclose(codes, plain(IMAGES), rtol=1e-5)
    with pytest.raises(ValueError, match=r"outputs \['z_mean'\]"):
        model.features(IMAGES)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.encode(IMAGES), codes)


def test_a_lambda_and_a_model_within_are_cloned():
    inner = keras.Sequential([keras.Input((16,)), LAYERS.Dense(3)])
    image = keras.Input((4, 4, 1))
    h = LAYERS.Lambda(lambda x, by: by * x, arguments={"by": 2.0})(image)
    z = inner(LAYERS.Flatten()(h))
    model = compiled(keras.Model(image, z), decoder(), discriminator())
    by_hand = 2 * IMAGES.reshape(8, 16) @ inner.get_weights()[0]
    np.testing.assert_allclose(model.encode(IMAGES), by_hand, rtol=1e-4)
    model.train_step(tf.constant(IMAGES))
    by_hand = 2 * IMAGES.reshape(8, 16) @ inner.get_weights()[0]
    by_hand += inner.get_weights()[1]
    np.testing.assert_allclose(
        model.encode(IMAGES), by_hand, rtol=1e-4, atol=1e-5
    )


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("name", ("mixed_bfloat16", "mixed_float16"))
def test_networks_train_under_a_global_policy(policy, name):
    policy(name)
    objective = ali_keras.Objective(
        gradient_penalty=0.1, latent_regression=1.0, cycle="l2"
    )
    model = compiled(encoder(), decoder(), discriminator(), objective=objective)
    before = [v.numpy() for v in model.trainable_variables]
    history = model.fit(IMAGES, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite([*history.values()]).all()
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert not np.array_equal(old, new)
    # The averages are in full precision.
    assert model.encode(IMAGES).dtype == model(IMAGES).dtype == tf.float32
    is_scaled = hasattr(model.generator_optimizer, "dynamic_scale")
    assert is_scaled == (name == "mixed_float16")
    figures = model.evaluate(IMAGES, verbose=0, return_dict=True)
    assert np.isfinite([*figures.values()]).all()


def test_variables_of_half_precision_are_refused(policy):
    policy("float16")
    networks = encoder(), decoder(), discriminator()
    with pytest.raises(ValueError, match="use the policy mixed_float16"):
        ali_keras.ALI(*networks)
