"""Four virtual devices for all tests, a small trained run for many."""

import json
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
from ali_keras.data.sources import open_dataset  # noqa: E402
from ali_keras.workdir.workdir import Workdir  # noqa: E402
from tests import tiny  # noqa: E402

# Tests set flags with absl's flagsaver and call each program's main.
flags.FLAGS.mark_as_parsed()


@pytest.fixture(autouse=True)
def no_tf_config(monkeypatch):
    """Whatever the shell says, tests begin without a cluster."""
    monkeypatch.delenv("TF_CONFIG", raising=False)


@pytest.fixture
def set_tf_config(monkeypatch):
    """Function that puts the test's process into a cluster."""

    def put(cluster, kind="worker", index=0):
        config = {"cluster": cluster, "task": {"type": kind, "index": index}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))

    return put


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """Folder with `mnist_5k`, prepared."""
    folder = tmp_path_factory.mktemp("data")
    open_dataset("mnist_5k", str(folder))
    return str(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, data_dir):
    """`Workdir` of a finished training of two steps. Leave it as it is."""
    workdir = Workdir(tmp_path_factory.mktemp("finished") / "run")
    config = tiny.small_config(data_dir, batch_size=20)
    ali_keras.train(config, workdir.path)
    return workdir
