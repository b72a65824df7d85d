"""What TF_CONFIG and the flags make of the devices."""

from unittest import mock

import pytest
import tensorflow as tf

from ali_keras import InputError
from ali_keras.distribution import strategy as distribution

ADDRESSES = ["a:1", "b:2", "c:3"]


def test_default_is_one_replica():
    strategy = distribution.create_strategy()
    assert strategy is tf.distribute.get_strategy()
    assert distribution.is_chief(strategy)
    assert distribution.describe(strategy) == "1 replica on 1 worker"


@pytest.mark.parametrize("name", ["auto", "mirrored"])
def test_virtual_devices_are_mirrored(name):
    number = len(tf.config.list_logical_devices("CPU"))  # See conftest.
    strategy = distribution.create_strategy(name, number)
    assert strategy.num_replicas_in_sync == number > 1
    assert isinstance(strategy, tf.distribute.MirroredStrategy)
    assert distribution.is_chief(strategy)
    description = distribution.describe(strategy)
    assert description == f"{number} replicas on 1 worker"


def test_one_virtual_device_is_the_default():
    name = distribution._choose(None, num_virtual_devices=1)
    assert name == "default"


def test_several_gpus_are_mirrored(monkeypatch):
    devices = mock.Mock(return_value=["GPU:0", "GPU:1"])
    monkeypatch.setattr(tf.config, "list_physical_devices", devices)
    assert distribution._choose(None, num_virtual_devices=None) == "mirrored"


def test_devices_cannot_change_once_they_are_made():
    tf.constant(0)
    with pytest.raises(InputError, match="start a new process. Received: 3"):
        distribution.create_strategy("mirrored", num_virtual_devices=3)


def test_unknown_strategy_is_refused():
    with pytest.raises(InputError, match="one of auto, .*Received: tpu"):
        distribution.create_strategy("tpu")


def test_multi_worker_needs_tf_config():
    with pytest.raises(InputError, match="Received: no TF_CONFIG"):
        distribution.create_strategy("multi_worker")


@pytest.mark.parametrize("name", ["default", "mirrored"])
def test_workers_do_not_train_apart(set_tf_config, name):
    set_tf_config({"worker": ADDRESSES})
    with pytest.raises(InputError, match=f"Received: {name}"):
        distribution.create_strategy(name)


def test_workers_have_no_virtual_devices(set_tf_config):
    set_tf_config({"worker": ADDRESSES})
    with pytest.raises(InputError, match="num_virtual_devices"):
        distribution.create_strategy(num_virtual_devices=2)
