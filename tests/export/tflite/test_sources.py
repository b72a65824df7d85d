"""LiteRT files of other SavedModels: points, bytes, fixed batches, sizes."""

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras import InputError
from ali_keras.data import preprocessing
from export import saved_model
from export.tflite import convert
from export.tflite import description
from export.tflite import export_tflite
from export.tflite.source import Source
from tests import tiny
from tests.export.tflite import models


@pytest.mark.slow
def test_files_are_small_as_their_form_says(tmp_path):
    config = ali_keras.Config.from_preset("mnist", precision="float32")
    model = ali_keras.build_model(config)
    saved_model.export_saved_models(model, config, tmp_path)
    source = Source(tmp_path)
    content = source.convert("decoder", "none")
    operators = description.describe(content)["operators"].keys()
    assert "TRANSPOSE_CONV" in operators and not operators & models.SHAPES
    assert len(source.convert("decoder", "dynamic")) < len(content) / 3.5
    assert len(source.convert("decoder", "float16")) < len(content) / 1.9


@pytest.mark.exhaustive
def test_points_convert_too(tmp_path):
    config = ali_keras.Config.from_preset(
        "mixture_5", "mixture_5", data_dir=str(tmp_path), precision="float32"
    )
    model = ali_keras.build_model(config)
    saved_model.export_saved_models(model, config, tmp_path / "models")
    source = Source(tmp_path / "models")
    paths = export_tflite(source, tmp_path / "out", "int8")
    described = models.about(paths["encoder"])
    assert described["image_range"] is None
    assert described["image_shape"] == [1, 1, 2]
    points = np.array([[[[2.0, -2.0]]]], np.float32)
    [(name, z)] = models.call(paths["encoder"], "encode", image=points).items()
    assert name == "z_mean"  # There is no sigma.
    np.testing.assert_allclose(z, model.encode(points), atol=0.1)


def test_saved_models_of_one_batch_size_give_files_of_it(trained, tmp_path):
    path = models.export(tmp_path, trained[0], batch_size=3)
    source = Source(path)
    described = description.describe(source.convert("decoder"))
    assert described["signatures"]["decode"]["inputs"]["z"]["shape"] == [3, 3]
    with pytest.raises(InputError, match=r"where they have one, 3.*: 2$"):
        Source(path, batch_size=2)


@pytest.mark.slow
def test_images_of_8_bits_convert_but_to_int8(trained, tmp_path):
    model, folder, _ = trained
    path = models.export(tmp_path, model, image_dtype="uint8")
    source = Source(path, data_dir=str(folder))
    with pytest.raises(InputError, match=r"float32 images\. Received: uint8"):
        export_tflite(source, tmp_path / "out", "int8")
    assert not (tmp_path / "out").exists()
    files = export_tflite(source, tmp_path / "out")
    pixels = preprocessing.to_uint8(tiny.images(1))
    z = models.call(files["encoder"], "encode", image=pixels)["z_mean"]
    expected = model.encode(preprocessing.to_float(pixels))
    np.testing.assert_allclose(z, expected, atol=1e-5)
    image = models.call(files["decoder"], "decode", z=z)["image"]
    np.testing.assert_array_equal(
        image, preprocessing.to_uint8(model.decode(z))
    )


def test_operations_that_are_not_builtin_are_refused(tmp_path):
    module = tf.Module()
    spec = tf.TensorSpec((None, 3), name="z")
    module.decode = tf.function(
        lambda z: {"image": tf.linalg.svd(z)[0]}, input_signature=[spec]
    )
    signatures = {"decode": module.decode}
    tf.saved_model.save(module, str(tmp_path), signatures)
    with pytest.raises(InputError, match="builtin operations. Received"):
        convert.convert(tmp_path, "decoder", batch_size=1)
