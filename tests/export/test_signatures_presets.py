"""Every preset and precision: the servables answer as Keras."""

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras.presets import PRESETS
from export.saved_model import export_saved_models


def build(preset, **overrides):
    config = ali_keras.Config.from_preset(preset, **overrides)
    model = ali_keras.build_model(config)
    for network in (model.encoder_ema, model.decoder_ema):
        # Statistics of batch normalization as a training leaves them.
        for weight in network.weights:
            if "moving" in weight.path:
                noise = np.random.default_rng(0).random(weight.shape)
                weight.assign(weight + 0.1 * noise)
    return model, config


def check_against_keras(model, config, folder):
    paths = export_saved_models(model, config, folder)
    encode, decode = (
        tf.saved_model.load(str(path)).signatures["serving_default"]
        for path in paths.values()
    )
    shape = model.encoder.input_shape[1:]
    for batch in (1, 3, 100):
        image = tf.random.stateless_uniform((batch, *shape), [batch, 0])
        outputs = encode(image=image)
        expected = model.encoder_ema(image)
        for name, value in outputs.items():
            np.testing.assert_allclose(value, expected[name], atol=1e-5)
        z = model.sample_prior(batch)
        np.testing.assert_allclose(
            decode(z=z)["image"], model.decode(z), atol=1e-5
        )


def distinct_presets():
    """One preset of those that serve the same networks."""
    found = {}
    for preset in PRESETS:
        config = ali_keras.Config.from_preset(preset)
        served = (
            *(config.architecture, config.channels, config.latent_dim),
            *(config.min_sigma, config.prior),
        )
        found.setdefault(served, preset)
    return found.values()


@pytest.mark.exhaustive
@pytest.mark.parametrize("preset", distinct_presets())
def test_every_preset_answers_as_keras(preset, tmp_path):
    channels = {"channels": 3} if preset.startswith("report_c") else {}
    model, config = build(preset, precision="float32", **channels)
    check_against_keras(model, config, tmp_path)


@pytest.mark.exhaustive
@pytest.mark.parametrize("preset", ["cifar10", "bigan_mnist", "mixture"])
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_every_precision_answers_as_keras(preset, precision, tmp_path):
    check_against_keras(*build(preset, precision=precision), tmp_path)
