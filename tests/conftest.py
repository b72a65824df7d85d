"""Four virtual devices for all tests, a small trained run for many."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
import tensorflow as tf
from absl import flags

# Before anything else touches TensorFlow, and once for all tests.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 4,
)

import ali_keras  # noqa: E402
from ali_keras.workdir import Workdir  # noqa: E402

# Tests set flags with absl's flagsaver and call each program's main.
flags.FLAGS.mark_as_parsed()


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """Folder with `mnist_5k`, prepared."""
    folder = tmp_path_factory.mktemp("data")
    ali_keras.data.open_dataset("mnist_5k", str(folder))
    return str(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, data_dir):
    """`Workdir` of a finished training of two steps. Leave it as it is."""
    workdir = Workdir(tmp_path_factory.mktemp("finished") / "run")
    config = ali_keras.Config.from_preset(
        "mnist",
        "mnist_5k",
        data_dir=data_dir,
        epochs=1,
        steps_per_epoch=2,
        batch_size=20,
        precision="float32",
    )
    ali_keras.train(config, workdir.path)
    return workdir
