"""What classifiers are given: the layers that are meant, and baselines."""

import numpy as np
import pytest

import ali_keras
from ali_keras.architectures import ARCHITECTURES
from ali_keras.evaluation.few_labels import representations
from ali_keras.networks.svm_features import with_svm_features
from tests import tiny


@pytest.fixture(scope="module")
def model():
    return tiny.model()


def pixels(number, seed=0):
    return np.round(tiny.images(number, seed) * 255).astype("uint8")


@pytest.mark.parametrize(
    ("features", "size"),
    [("code", 4096 + 512 + 512 + 256), ("paper", 8960)],
)
def test_svhn_has_as_many_features_as_code_and_paper(features, size):
    encoder, _, _ = ali_keras.build_networks(ARCHITECTURES["svhn"], 256, 3)
    output = with_svm_features(encoder, features).output["svm_features"]
    assert output.shape == (None, size)


def test_features_of_the_paper_s_size_are_three_layers_in_a_row(model):
    # One hidden row: before and after its nonlinearity, then the convolution
    # of the row after it, here that of both moments.
    encoder = model.encoder_ema
    found = representations.of_encoder("x", model, "paper")
    images = pixels(3)
    h = encoder.get_layer("encoder_1_conv")(images / np.float32(255))
    h = encoder.get_layer("encoder_1_batch_norm")(h)
    activated = encoder.get_layer("encoder_1_leaky_relu")(h)
    moments = encoder.get_layer("encoder_moments_conv")(activated)
    parts = [np.reshape(part, (3, -1)) for part in (h, activated, moments)]
    parts.append(parts[2][:, : tiny.LATENT_DIM])
    rows = found.rows(images)
    np.testing.assert_allclose(rows, np.concatenate(parts, axis=1), atol=1e-6)
    assert rows.shape == (3, found.num_features)


@pytest.mark.parametrize("kind", ["z_mean", "features"])
def test_outputs_of_the_encoder_are_the_model_s(model, kind):
    images = pixels(5)
    found = representations.of_encoder("x", model, kind)
    floats = images.astype("float32") / 255
    expected = {"z_mean": model.encode, "features": model.features}[kind]
    rows = found.rows(images)
    np.testing.assert_allclose(rows, expected(floats), atol=1e-6)
    assert rows.shape == (5, found.num_features)


def test_one_principal_component_is_the_direction_of_the_spread():
    # Both pixels rise together, so the component is (1, 1) / sqrt(2).
    values = np.array([0, 51, 102, 255], "uint8")
    images = np.stack([values, values], axis=1).reshape(4, 1, 2, 1)
    found = representations.of_principal_components(images, 1)
    centred = values / 255 - np.mean(values / 255)
    rows = found.rows(images)
    assert rows.shape == (4, 1) and found.name == "pca_1"
    np.testing.assert_allclose(
        np.abs(rows[:, 0]), np.abs(np.sqrt(2) * centred), atol=1e-6
    )


def test_there_are_no_more_components_than_pixels_or_images():
    images = pixels(40)
    assert representations.of_principal_components(images, 99).name == "pca_16"
    few = representations.of_principal_components(images[:6], 99)
    assert few.num_features == 6 and few.rows(images).shape == (40, 6)


def test_each_kind_stands_beside_its_baselines(model):
    images = pixels(40)
    untrained = tiny.model(seed=1)
    found = representations.beside_baselines(
        ["z_mean", "code"], model, untrained, images
    )
    sizes = {each.name: each.num_features for each in found}
    num_code = 6 + tiny.LATENT_DIM
    assert sizes == {
        "z_mean": tiny.LATENT_DIM,
        "z_mean_untrained": tiny.LATENT_DIM,
        f"pca_{tiny.LATENT_DIM}": tiny.LATENT_DIM,
        "code": num_code,
        "code_untrained": num_code,
        f"pca_{num_code}": num_code,
        "pixels": 16,
    }
    by_name = {each.name: each.rows(images) for each in found}
    assert not np.allclose(by_name["code"], by_name["code_untrained"])
    np.testing.assert_array_equal(
        by_name["pixels"], images.reshape(40, 16).astype("float32") / 255
    )
