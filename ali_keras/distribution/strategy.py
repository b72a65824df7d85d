"""Where a training runs: on one device, on several, on several machines."""

import math
import signal

from ali_keras.distribution import cluster
from ali_keras.distribution.replicas import num_workers
from ali_keras.errors import InputError
from ali_keras.lazy import tensorflow as tf

STRATEGIES = ("auto", "default", "mirrored", "multi_worker")


def create_strategy(name="auto", num_virtual_devices=None, timeout_seconds=600):
    """Creates a `tf.distribute.Strategy`. Call it before all else.

    Args:
        name: "default" is one device, "mirrored" all devices of this machine,
            "multi_worker" those of all workers in TF_CONFIG. "auto" is
            "multi_worker" where there is a TF_CONFIG, else "mirrored" where
            there are several devices, else "default".
        num_virtual_devices: Integer. Splits the CPU into so many devices, for
            "mirrored" to use instead of GPUs. Defaults to `None`: no split.
        timeout_seconds: Number. How long to wait for the other workers.

    Returns:
        `tf.distribute.Strategy`.

    Raises:
        InputError: if there is no such strategy, TF_CONFIG does not fit it, or
            TensorFlow has its devices already.
        WorkerLost: if another worker does not come up in time.
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
    """Whether this process is the one that writes files and tells progress."""
    if num_workers(strategy) == 1:
        return True
    return cluster.read().is_chief


def describe(strategy):
    """Says in words how far a strategy reaches: "4 replicas on 2 workers"."""
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
            "tools.launch, Kubernetes' TFJob and docs/scaling.md make one. "
            "Received: no TF_CONFIG"
        )
    if name != "multi_worker" and workers and len(workers.addresses) > 1:
        raise InputError(
            "Where TF_CONFIG names several workers, strategy must be "
            "multi_worker, or each of them would train on its own. Received: "
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
    # Should a worker die just now, TensorFlow waits for it and keeps Python
    # from running meanwhile, handlers of signals too: only the kernel can end
    # that.
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
