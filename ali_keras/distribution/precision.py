"""Keras dtype policies, and which of them this machine is made for."""

import pathlib

from ali_keras.lazy import tensorflow as tf

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")

# What Linux calls bfloat16 units in /proc/cpuinfo, on x86 and on ARM.
CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
# Ampere, the first NVIDIA GPUs that compute in bfloat16.
COMPUTE_CAPABILITY = (8, 0)


def resolve(precision):
    """Resolves "auto": mixed_bfloat16 where it is native, else float32.

    Args:
        precision: String, one of `PRECISIONS` or "auto".

    Returns:
        String, one of `PRECISIONS`.
    """
    if precision != "auto":
        return precision
    gpus = tf.config.list_physical_devices("GPU")
    native = all(map(_is_native_on, gpus)) if gpus else _is_native_on_cpu()
    return "mixed_bfloat16" if native else "float32"


def _is_native_on(gpu):
    details = tf.config.experimental.get_device_details(gpu)
    # GPUs that do not tell are not NVIDIA's: newer than the question.
    capability = details.get("compute_capability", COMPUTE_CAPABILITY)
    return capability >= COMPUTE_CAPABILITY


def _is_native_on_cpu(cpuinfo=pathlib.Path("/proc/cpuinfo")):
    if not cpuinfo.exists():  # Not Linux.
        return False
    lines = cpuinfo.read_text().splitlines()
    flags = {
        flag
        for line in lines
        if line.lower().startswith(("flags", "features"))
        for flag in line.split()
    }
    return bool(flags & CPU_FLAGS)
