"""SavedModels: what they answer, how they are numbered, all or nothing."""

import pathlib
import re
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import InputError
from export import saved_model
from export.signatures import Signatures
from tests import programs

CLI = pathlib.Path(sys.executable).parent / "saved_model_cli"


def pixels(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((count, 28, 28, 1), dtype=np.float32)


def serve(path, signature, **inputs):
    """Calls a signature of a SavedModel, as NumPy arrays."""
    function = tf.saved_model.load(str(path)).signatures[signature]
    outputs = function(**{k: tf.constant(v) for k, v in inputs.items()})
    return {name: value.numpy() for name, value in outputs.items()}


@pytest.fixture(
    scope="module",
    params=["float32", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)],
)
def exported(request, finished, tmp_path_factory):
    """A model of each precision, and the paths of its SavedModels."""
    if request.param == "float32":
        model, config = finished.load()
    else:
        config = ali_keras.Config.from_preset("mnist", precision=request.param)
        model = ali_keras.build_model(config)
    folder = tmp_path_factory.mktemp(request.param)
    paths = saved_model.export_saved_models(model, config, folder)
    return model, paths["encoder"], paths["decoder"]


@pytest.fixture(scope="module")
def small():
    """A model and its configuration."""
    config = ali_keras.Config.from_preset("mnist", precision="float32")
    return ali_keras.build_model(config), config


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_encoder_answers_as_keras(exported, batch):
    model, encoder, _ = exported
    image = pixels(batch)
    for signature in ("serving_default", "encode"):
        outputs = serve(encoder, signature, image=image)
        assert set(outputs) == {"z_mean", "z_log_sigma"}
        assert outputs["z_mean"].dtype == np.float32
        np.testing.assert_allclose(
            outputs["z_mean"], model.encode(image), atol=1e-5
        )
        log_sigma = model.encoder_ema(image)["z_log_sigma"]
        np.testing.assert_allclose(outputs["z_log_sigma"], log_sigma, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_decoder_answers_as_keras(exported, batch):
    model, _, decoder = exported
    z = model.sample_prior(batch, seed=1)
    for signature in ("serving_default", "decode"):
        outputs = serve(decoder, signature, z=z)
        assert set(outputs) == {"image"}
        assert outputs["image"].dtype == np.float32
        np.testing.assert_allclose(outputs["image"], model.decode(z), atol=1e-5)


def test_samples_are_those_of_keras_by_seed(exported):
    model, encoder, _ = exported
    image = pixels(5)
    drawn = [
        serve(encoder, "sample", image=image, seed=np.int32(seed))["z"]
        for seed in (7, 7, 8)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).all()
    expected = model.encode(image, sample=True, seed=7)
    np.testing.assert_allclose(drawn[0], expected, atol=1e-5)
    assert np.abs(drawn[0] - model.encode(image)).max() > 0.1


def test_no_variable_is_of_a_lower_precision(exported):
    for path in exported[1:]:
        loaded = tf.saved_model.load(str(path))
        assert {variable.dtype for variable in loaded.variables} == {tf.float32}


def test_signatures_name_their_tensors(exported):
    model, encoder, decoder = exported
    size = model.latent_dim
    signatures = tf.saved_model.load(str(encoder)).signatures
    names = {"serving_default", "encode", "sample", "features", "encode_jpeg"}
    assert set(signatures) == names
    _, inputs = signatures["sample"].structured_input_signature
    assert inputs["image"].shape.as_list() == [None, 28, 28, 1]
    assert (inputs["seed"].shape, inputs["seed"].dtype) == ((), tf.int32)
    signatures = tf.saved_model.load(str(decoder)).signatures
    assert set(signatures) == {"serving_default", "decode", "generate"}
    _, inputs = signatures["decode"].structured_input_signature
    assert inputs["z"].shape.as_list() == [None, size]


def test_the_loader_of_tf_serving_takes_them(exported):
    model, encoder, _ = exported
    image = pixels(2)
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        meta = tf.compat.v1.saved_model.loader.load(
            session, ["serve"], str(encoder)
        )
        signature = meta.signature_def["serving_default"]
        z_mean = session.run(
            signature.outputs["z_mean"].name,
            {signature.inputs["image"].name: image},
        )
    np.testing.assert_allclose(z_mean, model.encode(image), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["float32"], indirect=True)
def test_saved_model_cli_shows_and_runs_the_encoder(exported, tmp_path):
    model, path, _ = exported
    status, shown, errors = programs.run(CLI, "show", "--dir", path, "--all")
    assert status == 0, errors
    for name in ("serving_default", "encode", "sample"):
        assert f"signature_def['{name}']" in shown
    assert re.search(r"inputs\['image'\].*\n.*DT_FLOAT\n.*\(-1, 28", shown)
    np.save(tmp_path / "image.npy", pixels(3))
    inputs = f"image={tmp_path}/image.npy"
    run(path, "encode", inputs, tmp_path)
    z_mean = np.load(tmp_path / "z_mean.npy")
    np.testing.assert_allclose(z_mean, model.encode(pixels(3)), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["float32"], indirect=True)
def test_saved_model_cli_shows_and_runs_the_decoder(exported, tmp_path):
    model, _, path = exported
    status, shown, errors = programs.run(CLI, "show", "--dir", path, "--all")
    assert status == 0, errors
    assert "signature_def['decode']" in shown
    z = model.sample_prior(3)
    np.save(tmp_path / "z.npy", z)
    run(path, "serving_default", f"z={tmp_path}/z.npy", tmp_path)
    image = np.load(tmp_path / "image.npy")
    np.testing.assert_allclose(image, model.decode(z), atol=1e-5)


def run(path, signature, inputs, outdir):
    """Runs a signature by saved_model_cli."""
    flags = ("--tag_set", "serve", "--signature_def", signature)
    files = ("--inputs", inputs, "--outdir", outdir)
    status, _, errors = programs.run(CLI, "run", "--dir", path, *flags, *files)
    assert status == 0, errors


def versions(folder):
    return {
        name: sorted(path.name for path in (folder / name).iterdir())
        for name in ("encoder", "decoder")
    }


@pytest.mark.slow
def test_versions_count_up_from_what_there_is(small, tmp_path):
    saved_model.export_saved_models(*small, tmp_path)
    assert versions(tmp_path) == {"encoder": ["1"], "decoder": ["1"]}
    (tmp_path / "decoder" / "7").mkdir()
    (tmp_path / "decoder" / "notes").mkdir()
    paths = saved_model.export_saved_models(*small, tmp_path)
    assert [path.name for path in paths.values()] == ["8", "8"]


def test_a_given_version_is_used_and_never_overwritten(small, tmp_path):
    saved_model.export_saved_models(*small, tmp_path, version=3)
    assert versions(tmp_path) == {"encoder": ["3"], "decoder": ["3"]}
    shutil.rmtree(tmp_path / "encoder" / "3")
    before = programs.snapshot(tmp_path)
    with pytest.raises(InputError, match=r"number that is free.*3.*exists"):
        saved_model.export_saved_models(*small, tmp_path, version=3)
    assert programs.snapshot(tmp_path) == before


@pytest.mark.parametrize("fails", [pytest.param(1, marks=pytest.mark.slow), 2])
@pytest.mark.parametrize("error", [OSError(28, "No space left"), ValueError()])
def test_a_failure_leaves_nothing_half_written(
    small, tmp_path, monkeypatch, fails, error
):
    # Keras' own, below the public name.
    archive_class = type(Signatures(small[0]).decoder())
    write_out, calls = archive_class.write_out, []

    def full_disk(archive, path, **kwargs):
        write_out(archive, path, **kwargs)
        calls.append(path)
        if len(calls) == fails:
            raise error

    monkeypatch.setattr(archive_class, "write_out", full_disk)
    expected = InputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        saved_model.export_saved_models(*small, tmp_path)
    assert not list(tmp_path.iterdir())  # Both or none.


def test_the_program_writes_what_the_function_does(finished, tmp_path, capsys):
    flags = (f"--workdir={finished.path}", f"--output={tmp_path}")
    assert programs.start(saved_model, *flags, "--version=4") == 0
    printed = capsys.readouterr().out
    for name in ("encoder", "decoder"):
        assert f"Wrote {tmp_path}/{name}/4." in printed
    model, _ = finished.load()
    outputs = serve(tmp_path / "encoder" / "4", "encode", image=pixels(2))
    np.testing.assert_allclose(
        outputs["z_mean"], model.encode(pixels(2)), atol=1e-5
    )


def test_the_program_refuses_a_version_that_exists(finished, tmp_path, capsys):
    (tmp_path / "encoder" / "4").mkdir(parents=True)
    (tmp_path / "encoder" / "4" / "kept").write_text("old")
    before = programs.snapshot(tmp_path)
    flags = (f"--workdir={finished.path}", f"--output={tmp_path}")
    status = programs.start(saved_model, *flags, "--version=4")
    line = programs.error_line(status, capsys.readouterr())
    assert "encoder/4 exists" in line
    assert programs.snapshot(tmp_path) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "is_random"), [("mixture", True), ("bigan_mnist", False)]
)
def test_other_kinds_of_encoders_answer_too(tmp_path, preset, is_random):
    config = ali_keras.Config.from_preset(preset, precision="float32")
    model = ali_keras.build_model(config)
    paths = saved_model.export_saved_models(model, config, tmp_path)
    encoder = paths["encoder"]
    image = tf.random.stateless_uniform(
        (3, *model.encoder.input_shape[1:]), [1, 2]
    )
    [(name, z)] = serve(encoder, "encode", image=image).items()
    assert name == "z_mean"  # There is no sigma.
    np.testing.assert_allclose(z, model.encode(image), atol=1e-5)
    draws = [
        serve(encoder, "sample", image=image, seed=seed)["z"] for seed in (1, 2)
    ]
    np.testing.assert_allclose(
        draws[0], model.encode(image, sample=True, seed=1), atol=1e-5
    )
    assert (np.abs(draws[0] - draws[1]).max() > 0.01) == is_random
