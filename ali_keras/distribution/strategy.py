"""Creates the strategy that distributes a training over devices."""

import math
import signal

from ali_keras.distribution import cluster
from ali_keras.distribution.replicas import num_workers
from ali_keras.errors import InputError
from ali_keras.errors import command
from ali_keras.lazy import tensorflow as tf

STRATEGIES = ("auto", "default", "mirrored", "multi_worker")


def create_strategy(name="auto", num_virtual_devices=None, timeout_seconds=600):
    """Creates a `tf.distribute.Strategy`. Call it before using TensorFlow.

    Args:
        name: "default" is one device, "mirrored" all devices of this machine,
            "multi_worker" those of all workers in TF_CONFIG. "auto" is
            "multi_worker" if there is a TF_CONFIG, else "mirrored" if there
            are several devices, else "default".
        num_virtual_devices: Integer. Splits the CPU into this many devices,
            which "mirrored" uses instead of GPUs. `None` is no split.
        timeout_seconds: Number. How long to wait for the other workers.

    Returns:
        `tf.distribute.Strategy`.

    Raises:
        InputError: if there is no such strategy, TF_CONFIG does not fit it, or
            TensorFlow has already created its devices.
        WorkerLost: if another worker does not start in time.
    """
    if name not in STRATEGIES:
        raise InputError(
            f"strategy must be one of {', '.join(STRATEGIES)}. Received: {name}"
        )
    workers = cluster.read()
    if name == "auto":
        name = _choose(workers, num_virtual_devices)
    _check(name, workers, num_virtual_devices)
    if num_virtual_devices:
        _split_cpu(num_virtual_devices)
    if name == "multi_worker":
        return _multi_worker_strategy(workers, timeout_seconds)
    if name == "mirrored":
        numbers = range(num_virtual_devices or 0)
        # Without a list of devices it takes all GPUs.
        devices = [f"CPU:{number}" for number in numbers] or None
        return tf.distribute.MirroredStrategy(devices)
    return tf.distribute.get_strategy()


def is_chief(strategy):
    """Whether this process writes files and prints progress."""
    if num_workers(strategy) == 1:
        return True
    return cluster.read().is_chief


def describe(strategy):
    """Describes a strategy in words, as in "4 replicas on 2 workers"."""
    replicas = _count(strategy.num_replicas_in_sync, "replica")
    return f"{replicas} on {_count(num_workers(strategy), 'worker')}"


def _choose(workers, num_virtual_devices):
    if workers:
        return "multi_worker"
    num_gpus = len(tf.config.list_physical_devices("GPU"))
    if max(num_virtual_devices or 0, num_gpus) > 1:
        return "mirrored"
    return "default"


def _check(name, workers, num_virtual_devices):
    if name == "multi_worker" and not workers:
        raise InputError(
            "The strategy multi_worker must have a cluster in TF_CONFIG; "
            f"{command('tools.launch')}, Kubernetes' TFJob and docs/scaling.md "
            "make one. Received: no TF_CONFIG"
        )
    if name != "multi_worker" and workers and len(workers.addresses) > 1:
        raise InputError(
            "If TF_CONFIG names several workers, strategy must be "
            "multi_worker; else each worker would train alone. Received: "
            f"{name}"
        )
    if num_virtual_devices and name == "multi_worker":
        raise InputError(
            "num_virtual_devices must not be given to workers: TensorFlow "
            "gives each of them its GPUs or one CPU device. Received: "
            f"{num_virtual_devices}"
        )


def _split_cpu(number):
    cpu = tf.config.list_physical_devices("CPU")[0]
    known = tf.config.get_logical_device_configuration(cpu) or ()
    if len(known) == number:
        return
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * number
        )
    except RuntimeError:
        raise InputError(
            "num_virtual_devices must be set before TensorFlow makes its "
            f"devices; start a new process. Received: {number}"
        ) from None


def _multi_worker_strategy(workers, timeout_seconds):
    cluster.wait_for_peers(workers, timeout_seconds)
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    communication = tf.distribute.experimental.CommunicationImplementation
    options = tf.distribute.experimental.CommunicationOptions(
        implementation=communication.AUTO if on_gpu else communication.RING
    )
    # If a worker ends now, TensorFlow waits for it, and Python runs nothing
    # meanwhile, not even signal handlers. Only the kernel can end this.
    signal.alarm(math.ceil(timeout_seconds))
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy(
            communication_options=options
        )
    finally:
        signal.alarm(0)
    cluster.joined.set()
    return strategy


def _count(number, noun):
    return f"{number} {noun}" + ("s" if number > 1 else "")
