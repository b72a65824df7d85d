"""Networks of one's own learn real digits, 8x8 pixels, in seconds."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

import ali_keras

NUM_TRAINING = 1500
LATENT_DIM = 8


def convolved(image):
    for number in (32, 64):
        image = layers.Conv2D(
            number, 3, 2, padding="same", activation="leaky_relu"
        )(image)
    return layers.Flatten()(image)


def transposed(number, inputs, activation):
    return layers.Conv2DTranspose(
        number, 4, 2, padding="same", activation=activation
    )(inputs)


def build_networks():
    keras.utils.set_random_seed(0)
    image, z = keras.Input((8, 8, 1)), keras.Input((LATENT_DIM,))
    features = convolved(image)
    codes = {
        "z_mean": layers.Dense(LATENT_DIM)(features),
        "z_log_sigma": layers.Dense(LATENT_DIM)(features),
        "features": features,
    }
    hidden = layers.Dense(256, activation="leaky_relu")(z)
    hidden = layers.Reshape((2, 2, 64))(hidden)
    decoded = transposed(1, transposed(32, hidden, "leaky_relu"), "sigmoid")
    pair = [convolved(image), layers.Dense(64, activation="leaky_relu")(z)]
    pair = layers.Concatenate()(pair)
    pair = layers.Dense(128, activation="leaky_relu")(pair)
    return (
        keras.Model(image, codes),
        keras.Model(z, decoded),
        keras.Model([image, z], layers.Dense(1)(pair)),
    )


@pytest.fixture(scope="module")
def digits():
    """Images `(1797, 8, 8, 1)` in [0, 1] and their labels."""
    loaded = load_digits()
    return (loaded.images[..., None] / 16).astype("float32"), loaded.target


@pytest.fixture(scope="module")
def models(digits):
    """The same model before and after 450 steps."""
    untrained, model = (
        ali_keras.ALI(*build_networks(), ema_decay=0.99) for _ in range(2)
    )
    model.compile(
        keras.optimizers.Adam(1.5e-3, beta_1=0.5),
        keras.optimizers.Adam(3e-3, beta_1=0.5),
        ali_keras.Objective(
            relativistic=True,
            gradient_penalty=0.05,
            gradient_penalty_interval=4,
        ),
    )
    images = digits[0][:NUM_TRAINING]
    model.fit(images, batch_size=100, epochs=30, verbose=0)
    return untrained, model


def nearest_neighbour_accuracy(gallery, queries, labels):
    gallery, queries = (
        np.reshape(values, (len(values), -1)) for values in (gallery, queries)
    )
    classifier = KNeighborsClassifier(1).fit(gallery, labels[:NUM_TRAINING])
    return classifier.score(queries, labels[NUM_TRAINING:])


def test_codes_tell_digits_apart_better_than_untrained_ones(models, digits):
    # Measured with three seeds: 0.14 to 0.17 above.
    images, labels = digits
    untrained, trained = (
        nearest_neighbour_accuracy(z[:NUM_TRAINING], z[NUM_TRAINING:], labels)
        for z in (np.asarray(model.encode(images)) for model in models)
    )
    assert trained >= untrained + 0.05


def test_reconstructions_are_of_the_digit_that_was_encoded(models, digits):
    # Measured with three seeds: accuracies of 0.61 to 0.70, chance is 0.10;
    # errors of 0.67 to 0.72 of the mean image's.
    images, labels = digits
    held_out = images[NUM_TRAINING:]
    rebuilt = np.asarray(models[1].reconstruct(held_out))
    pixels = images[:NUM_TRAINING]
    assert nearest_neighbour_accuracy(pixels, rebuilt, labels) >= 0.3
    error, baseline = (
        np.mean(np.square(guess - held_out))
        for guess in (rebuilt, pixels.mean(0))
    )
    assert error < 0.95 * baseline
