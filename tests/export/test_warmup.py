"""Warm-up requests: replayed, they get answers, and are few enough."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

import ali_keras
from export import warmup
from export.saved_model import export_saved_models
from tests import programs

MAX_RECORDS = 1000  # Of TF Serving, which refuses more.
DIMENSIONLESS = {"sample", "generate"}  # Their seed and count are scalars.


@pytest.fixture(scope="module")
def tiny():
    """A model of a handful of units, and its configuration."""
    with programs.tiny_networks():
        config = ali_keras.Config.from_preset("mnist", precision="float32")
        return ali_keras.build_model(config), config


@pytest.fixture(scope="module")
def paths(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    return export_saved_models(*tiny, folder, reconstructor=True)


def read_requests(path):
    """Reads the requests as TF Serving does."""
    records = tf.data.TFRecordDataset(str(path / warmup.FILE))
    logs = map(
        prediction_log_pb2.PredictionLog.FromString,
        records.as_numpy_iterator(),
    )
    requests = [log.predict_log.request for log in logs]
    assert 0 < len(requests) <= MAX_RECORDS
    return requests


def replay(path):
    """Yields the signature, inputs and outputs of each request."""
    signatures = tf.saved_model.load(str(path)).signatures
    for request in read_requests(path):
        name = request.model_spec.signature_name
        inputs = {k: tf.make_ndarray(v) for k, v in request.inputs.items()}
        outputs = signatures[name](
            **{k: tf.constant(v) for k, v in inputs.items()}
        )
        yield name, inputs, {k: v.numpy() for k, v in outputs.items()}


def batch_size(inputs):
    if "count" in inputs:
        return int(inputs["count"])
    [size] = {len(value) for value in inputs.values() if value.ndim}
    return size


@pytest.mark.slow
@pytest.mark.parametrize("name", ["encoder", "decoder", "reconstructor"])
def test_each_request_gets_finite_numbers(paths, name):
    sizes = {}
    for signature, inputs, outputs in replay(paths[name]):
        size = batch_size(inputs)
        sizes.setdefault(signature, []).append(size)
        for output in outputs.values():
            assert len(output) == size
            assert np.isfinite(output).all()
    signatures = tf.saved_model.load(str(paths[name])).signatures
    assert sizes.keys() == set(signatures) - {"serving_default"}
    assert all(each == [1, warmup.BATCHING_LIMIT] for each in sizes.values())


def test_requests_name_the_model_and_no_version(paths):
    for name, path in paths.items():
        for request in read_requests(path):
            assert request.model_spec.name == name
            assert not request.model_spec.WhichOneof("version_choice")


@pytest.mark.slow
def test_requests_fit_a_fixed_batch_of_8_bit_images(tiny, tmp_path):
    fixed = {"batch_size": 3, "image_dtype": "uint8"}
    for path in export_saved_models(*tiny, tmp_path, **fixed).values():
        found = list(replay(path))
        assert found and all(batch_size(each[1]) == 3 for each in found)
        images = [each[1]["image"] for each in found if "image" in each[1]]
        assert all(image.dtype == np.uint8 for image in images)


@pytest.mark.slow
def test_points_are_asked_for_as_points(tmp_path):
    config = ali_keras.Config.from_preset("mixture_5", precision="float32")
    model = ali_keras.build_model(config)
    paths = export_saved_models(model, config, tmp_path)
    signatures = {name for name, _, _ in replay(paths["encoder"])}
    assert signatures == {"encode", "sample", "features"}


def test_no_request_is_above_a_batching_server_s_limit(paths, tmp_path):
    copy = shutil.copytree(paths["encoder"], tmp_path / "encoder")
    warmup.keep_batchable(copy, 8)
    assert {batch_size(inputs) for _, inputs, _ in replay(copy)} == {1}


def test_what_a_batching_server_refuses_can_be_left_out(paths, tmp_path):
    for name, path in paths.items():
        copy = shutil.copytree(path, tmp_path / name)
        warmup.keep_batchable(copy, warmup.BATCHING_LIMIT)
        expected = [
            request
            for request in read_requests(path)
            if request.model_spec.signature_name not in DIMENSIONLESS
        ]
        assert read_requests(copy) == expected
        for request in expected:
            for tensor in request.inputs.values():
                assert tensor.tensor_shape.dim
