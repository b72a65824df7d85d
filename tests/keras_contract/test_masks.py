"""Networks of one's own with masks: series of four values, some left out."""

import keras
import numpy as np
import pytest
from keras import layers

import ali_keras
from ali_keras.layers import FlooredLogSigma
from ali_keras.layers import Maxout
from ali_keras.layers import StatelessDropout
from ali_keras.normalization import SpectralNormalization
from tests import tiny

NUM_STEPS = 5
LATENT_DIM = 3


def summarised(series):
    """The mean over the steps that are not zeros."""
    steps = layers.Masking(0.0)(series)
    steps = SpectralNormalization(layers.Dense(8))(steps)
    steps = StatelessDropout(0.2)(Maxout(2)(steps))
    return layers.GlobalAveragePooling1D()(steps)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    series, z = keras.Input((NUM_STEPS, 4)), keras.Input((LATENT_DIM,))
    features = summarised(series)
    log_sigma = FlooredLogSigma(0.5)(layers.Dense(LATENT_DIM)(features))
    codes = {
        "z_mean": layers.Dense(LATENT_DIM)(features),
        "z_log_sigma": log_sigma,
        "features": features,
    }
    decoded = layers.Dense(NUM_STEPS * 4, activation="sigmoid")(z)
    decoded = layers.Reshape((NUM_STEPS, 4))(decoded)
    pair = layers.Concatenate()([summarised(series), z])
    ali = ali_keras.ALI(
        keras.Model(series, codes),
        keras.Model(z, decoded),
        keras.Model([series, z], layers.Dense(1)(pair)),
        ema_decay=0.5,
    )
    ali.compile(tiny.adam(), tiny.adam())
    return ali


def all_series(num_steps):
    """Series of one value, as often as told, and zeros after that."""
    series = np.random.default_rng(0).uniform(0.1, 1, (8, 1, 4))
    series = np.repeat(series, NUM_STEPS, axis=1)
    series[:, num_steps:] = 0
    return series.astype("float32")


def test_masks_hold_in_fit_evaluate_and_predict(model):
    before = tiny.values(model)
    figures = tiny.fit(model, all_series(2), epochs=2)
    assert np.isfinite(list(figures.values())).all()
    changed = tiny.changed(before, tiny.values(model))
    owners = {name.split("/")[0] for name in changed}
    assert owners >= {"encoder", "decoder", "discriminator", "encoder_ema"}
    evaluated = model.evaluate(all_series(2), verbose=0, return_dict=True)
    assert np.isfinite(list(evaluated.values())).all()
    # The mean of a value is the value, if no zero counts.
    rebuilt, of_more, of_others = (
        model.predict(series, verbose=0)
        for series in (all_series(2), all_series(4), all_series(4)[::-1])
    )
    np.testing.assert_allclose(rebuilt, of_more, atol=1e-6)
    assert np.abs(rebuilt - of_others).max() > 1e-4
