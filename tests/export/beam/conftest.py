"""Some digits, and the SavedModels that encode them."""

import pathlib

import pytest
import tensorflow as tf

from export.saved_model import export_saved_models
from tests.export.beam import pipeline


@pytest.fixture(scope="package")
def records(data_dir):
    """Some held-out digits, as TFDS stores them."""
    [shard] = pathlib.Path(data_dir).glob("mnist_5k/*/*-test.tfrecord*")
    dataset = tf.data.TFRecordDataset(str(shard)).take(pipeline.NUM_DIGITS)
    return list(dataset.as_numpy_iterator())


@pytest.fixture(scope="package")
def saved_models(finished, tmp_path_factory):
    """Folder of the trained model's SavedModels."""
    folder = tmp_path_factory.mktemp("saved_models")
    export_saved_models(*finished.load(), folder)
    return folder
