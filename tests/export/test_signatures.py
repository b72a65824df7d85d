"""What the servables answer beyond encode and decode, and what they refuse."""

import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import files
from ali_keras.data import preprocessing
from ali_keras.networks.svm_features import hidden_outputs
from ali_keras.networks.svm_features import with_svm_features
from export import servables
from export.saved_model import export_saved_models
from tests import tiny
from tests.fuzzing import headers


def digits(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((count, 28, 28, 1), dtype=np.float32)


def pictures(count, shape=(40, 30, 3)):
    """JPEG and PNG files of random pixels, in turn, as bytes."""
    rng = np.random.default_rng(1)
    encoders = (tf.io.encode_jpeg, tf.io.encode_png)
    return [
        encoders[i % 2](rng.integers(0, 256, shape, np.uint8)).numpy()
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def trained(finished):
    return finished.load()


@pytest.fixture(scope="module")
def paths(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    return export_saved_models(*trained, folder, reconstructor=True)


@pytest.fixture(scope="module")
def served(paths):
    """Signatures of each servable, loaded once."""
    return {
        name: tf.saved_model.load(str(path)).signatures
        for name, path in paths.items()
    }


def call(signature, **inputs):
    outputs = signature(**{k: tf.constant(v) for k, v in inputs.items()})
    return {name: value.numpy() for name, value in outputs.items()}


@pytest.mark.slow
def test_features_are_those_of_keras(trained, served):
    outputs = call(served["encoder"]["features"], image=digits(3))
    assert set(outputs) == {"features", "svm_features"}
    np.testing.assert_allclose(
        outputs["features"], trained[0].features(digits(3)), atol=1e-5
    )


def test_svm_features_are_three_hidden_rows_and_the_mean():
    # One hidden row: a convolution, its batch normalization; then the mean.
    encoder, _, _ = tiny.networks()
    assert len(hidden_outputs(encoder)) == 1
    x = tiny.images(2)
    outputs = with_svm_features(encoder)(x)
    convolution, batch_norm = (
        encoder.get_layer(f"encoder_1_{name}")
        for name in ("conv", "batch_norm")
    )
    hidden = batch_norm(convolution(x)).numpy().reshape(2, -1)
    expected = np.concatenate([hidden, outputs["z_mean"]], axis=1)
    np.testing.assert_allclose(outputs["svm_features"], expected, atol=1e-6)


def test_svm_features_have_names_of_their_own():
    encoder, _, _ = tiny.networks()
    keras.utils.clear_session()  # As in a process that loaded the encoder.
    names = [layer.name for layer in with_svm_features(encoder).layers]
    assert len(names) == len(set(names))


def test_svm_features_of_svhn_are_as_many_as_the_authors():
    config = ali_keras.Config.from_preset("svhn", precision="float32")
    encoder, _, _ = ali_keras.build_networks(
        ali_keras.architectures.ARCHITECTURES["svhn"], config.latent_dim, 3
    )
    shape = with_svm_features(encoder).output["svm_features"].shape
    assert shape == (None, 4096 + 512 + 512 + 256)


@pytest.mark.slow
def test_encoded_images_go_through_the_training_preprocessing(trained, served):
    files = pictures(4)
    outputs = call(served["encoder"]["encode_jpeg"], image_bytes=files)
    image = tf.stack(
        [preprocessing.preprocess(tf.constant(f), 28, 1) for f in files]
    )
    np.testing.assert_allclose(
        outputs["z_mean"], trained[0].encode(image), atol=1e-5
    )
    assert set(outputs) == {"z_mean", "z_log_sigma"}


@pytest.mark.slow
def test_generated_images_are_those_of_keras(trained, served):
    model, _ = trained
    generate = served["decoder"]["generate"]
    outputs = call(generate, seed=3, count=5)
    np.testing.assert_allclose(outputs["z"], model.sample_prior(5, 3))
    np.testing.assert_allclose(
        outputs["image"], model.generate(5, 3), atol=1e-5
    )
    assert (call(generate, seed=4, count=5)["z"] != outputs["z"]).all()


def test_reconstructions_and_their_error_are_those_of_keras(trained, served):
    image = digits(3)
    outputs = call(served["reconstructor"]["reconstruct"], image=image)
    expected = trained[0].reconstruct(image).numpy()
    np.testing.assert_allclose(outputs["image"], expected, atol=1e-5)
    error = np.mean((image - expected) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(outputs["error"], error, atol=1e-6)


REFUSED = {
    "nan": ("encoder", "encode", {"image": digits(2) * np.nan}, r"\[0, 1\]"),
    "negative": ("encoder", "encode", {"image": digits(2) - 1}, r"\[0, 1\]"),
    "8 bits": ("encoder", "features", {"image": digits(2) * 255}, r"\[0, 1\]"),
    "empty": ("encoder", "encode", {"image": digits(0)}, "at least one"),
    "shape": ("encoder", "encode", {"image": digits(2)[:, 1:]}, "28"),
    "no image": ("encoder", "encode_jpeg", {"image_bytes": [b"x"]}, "JPEG"),
    "half": (
        *("encoder", "encode_jpeg"),
        *({"image_bytes": [pictures(1)[0][:300]]}, "JPEG"),
    ),
    "no images": (
        *("encoder", "encode_jpeg"),
        *({"image_bytes": np.array([], "S1")}, "at least one"),
    ),
    "large": (
        *("encoder", "encode_jpeg"),
        *({"image_bytes": [headers.oversized("png")]}, "at most 16777216 pix"),
    ),
    "z": ("decoder", "decode", {"z": np.full((1, 32), np.inf, "f4")}, "finite"),
    "no z": ("decoder", "decode", {"z": np.zeros((0, 32), "f4")}, "at least"),
    "count 0": ("decoder", "generate", {"seed": 0, "count": 0}, "1024"),
    "much": ("decoder", "generate", {"seed": 0, "count": 1025}, "1024"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_and_the_rest_served(served, case):
    name, signature, inputs, words = REFUSED[case]
    with pytest.raises(
        (tf.errors.InvalidArgumentError, TypeError), match=words
    ):
        call(served[name][signature], **inputs)
    assert np.isfinite(
        call(served["encoder"]["encode"], image=digits(1))["z_mean"]
    ).all()
    assert call(served["decoder"]["generate"], seed=0, count=1)["image"].any()


@pytest.mark.slow
def test_8_bit_servables_take_and_give_8_bits(trained, tmp_path):
    model, config = trained
    paths = export_saved_models(
        model, config, tmp_path, image_dtype="uint8", reconstructor=True
    )
    image = preprocessing.to_uint8(digits(3))
    served = {
        name: tf.saved_model.load(str(path)).signatures
        for name, path in paths.items()
    }
    pixels = preprocessing.to_float(image)
    z_mean = call(served["encoder"]["encode"], image=image)["z_mean"]
    np.testing.assert_allclose(z_mean, model.encode(pixels), atol=1e-5)
    decoded = call(served["decoder"]["decode"], z=z_mean)["image"]
    assert decoded.dtype == np.uint8
    expected = preprocessing.to_uint8(model.decode(z_mean)).astype(int)
    assert np.abs(decoded - expected).max() <= 1  # A value at a half.
    outputs = call(served["reconstructor"]["reconstruct"], image=image)
    assert np.abs(outputs["image"] - expected).max() <= 1
    assert servables.read_description(paths["encoder"])["image_range"] == [
        0,
        255,
    ]


def test_a_fixed_batch_is_the_only_one(trained, tmp_path):
    model, config = trained
    paths = export_saved_models(model, config, tmp_path, batch_size=2)
    served = tf.saved_model.load(str(paths["encoder"])).signatures
    _, inputs = served["encode"].structured_input_signature
    assert inputs["image"].shape == (2, 28, 28, 1)
    z_mean = call(served["encode"], image=digits(2))["z_mean"]
    np.testing.assert_allclose(z_mean, model.encode(digits(2)), atol=1e-5)
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError)):
        call(served["encode"], image=digits(3))


@pytest.mark.slow
def test_what_lies_beside_a_servable_tells_of_it(trained, finished, tmp_path):
    record = {"commit": "abc", "command": "train", "labels": ["zero", "one"]}
    metrics = {
        "reconstruction_error": 0.03871,
        "nearest_neighbour_accuracy": {"z_mean": 0.9642},
    }
    paths = export_saved_models(
        *trained, tmp_path, record=record, metrics=metrics
    )
    for path in paths.values():
        description = servables.read_description(path)
        assert description["image_shape"] == [28, 28, 1]
        assert description["image_range"] == [0.0, 1.0]
        assert description["latent_dim"] == 32
        assert description["labels"] == ["zero", "one"]
        extra = path / "assets.extra"
        stored = ali_keras.Config.read(extra / "config.json")
        assert stored == finished.load()[1]
        card = (extra / "README.md").read_text()
        for words in ("0.03871", "0.9642", "zero, one", "abc", "28 x 28 x 1"):
            assert words in card
        signatures = tf.saved_model.load(str(path)).signatures
        for signature in signatures:
            assert f"`{signature}`" in card
        assert files.read_json(extra / "record.json")["training"] == record


def test_a_training_records_the_names_of_its_classes(finished):
    assert files.read_json(finished.training)["labels"] == list("0123456789")


@pytest.fixture(scope="module")
def points():
    """A model of points and its configuration."""
    config = ali_keras.Config.from_preset("mixture", precision="float32")
    return ali_keras.build_model(config), config


def test_points_are_no_8_bit_images(points, tmp_path):
    model, config = points
    with pytest.raises(ali_keras.InputError, match=r"float32 for points"):
        export_saved_models(model, config, tmp_path, image_dtype="uint8")
    assert not list(tmp_path.iterdir())


def test_points_have_no_signature_for_encoded_images(points, tmp_path):
    model, config = points
    path = export_saved_models(model, config, tmp_path)["encoder"]
    signatures = tf.saved_model.load(str(path)).signatures
    assert "encode_jpeg" not in signatures and "encode" in signatures
    assert servables.read_description(path)["image_range"] is None
    # Any finite values go.
    point = np.full((1, 1, 1, 2), -7, np.float32)
    assert np.isfinite(call(signatures["encode"], image=point)["z_mean"]).all()


@pytest.mark.parametrize(
    "file", ["saved_model.pb", "variables/variables.data-00000-of-00001"]
)
def test_a_truncated_servable_is_one_line(paths, tmp_path, file):
    copy = shutil.copytree(paths["decoder"], tmp_path / "decoder" / "1")
    os.truncate(copy / file, 1000)
    with pytest.raises(ali_keras.InputError, match="must be whole") as refused:
        servables.load(copy)
    assert "\n" not in str(refused.value)


def test_a_version_is_found_or_named_as_missing(paths):
    folder = paths["encoder"].parents[1]
    assert servables.find(folder, "encoder") == paths["encoder"]
    with pytest.raises(ali_keras.InputError, match="decoder, without 7"):
        servables.find(folder, "decoder", 7)
    with pytest.raises(ali_keras.InputError, match="nowhere/encoder, without"):
        servables.find(folder / "nowhere", "encoder")
