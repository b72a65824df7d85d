"""Which precision "auto" is, on machines that this one is not."""

import dataclasses
import pathlib

import pytest
import tensorflow as tf

from ali_keras import Config
from ali_keras.distribution import precision

# As Linux has them, but for most of their flags.
X86 = "processor : 0\nmodel name : bf16 in a name\nflags : fpu avx512f{}\n"
ARM = "processor : 0\nFeatures : fp asimd{}\nCPU implementer : 0x41\n"


@dataclasses.dataclass(frozen=True)
class Gpu:
    """What TensorFlow tells of a device."""

    details: dict


def gpus_of(*capabilities):
    return [Gpu({"compute_capability": number}) for number in capabilities]


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Function that makes this another machine."""

    def fake(gpus=(), cpuinfo=None):
        path = tmp_path / "cpuinfo"
        if cpuinfo is not None:
            path.write_text(cpuinfo)
        config = tf.config
        monkeypatch.setattr(
            config, "list_physical_devices", lambda kind: {"GPU": gpus}[kind]
        )
        monkeypatch.setattr(
            config.experimental, "get_device_details", lambda gpu: gpu.details
        )
        monkeypatch.setattr(
            precision._is_native_on_cpu, "__defaults__", (path,)
        )

    return fake


@pytest.mark.parametrize("name", precision.PRECISIONS)
def test_what_is_asked_for_stays(name):
    assert precision.resolve(name) == name


@pytest.mark.parametrize(
    "cpuinfo, expected",
    (
        (X86.format(" avx512_bf16 avx512_vnni"), "mixed_bfloat16"),
        (X86.format(" amx_bf16"), "mixed_bfloat16"),
        (ARM.format(" bf16 i8mm"), "mixed_bfloat16"),
        (X86.format(""), "float32"),
        (X86.format(" avx512_bf16x"), "float32"),
        (ARM.format(""), "float32"),
        ("", "float32"),
        (None, "float32"),
    ),
)
def test_a_cpu_computes_in_bfloat16_where_linux_says_so(
    machine, cpuinfo, expected
):
    machine(cpuinfo=cpuinfo)
    assert precision.resolve("auto") == expected


@pytest.mark.parametrize(
    "capabilities, expected",
    (
        ([(7, 5)], "float32"),
        ([(8, 0)], "mixed_bfloat16"),
        ([(9, 0)], "mixed_bfloat16"),
        ([(12, 0), (8, 6)], "mixed_bfloat16"),
        ([(8, 0), (7, 5)], "float32"),
    ),
)
def test_gpus_compute_in_bfloat16_since_ampere(machine, capabilities, expected):
    # The CPU has no say then, in either direction.
    native = X86.format(" avx512_bf16")
    cpuinfo = native if expected == "float32" else X86.format("")
    machine(gpus_of(*capabilities), cpuinfo)
    assert precision.resolve("auto") == expected


def test_a_gpu_that_is_not_nvidia_s_is_new_enough(machine):
    machine([Gpu({})])
    assert precision.resolve("auto") == "mixed_bfloat16"


@pytest.mark.parametrize("expected", ("mixed_bfloat16", "float32"))
def test_a_preset_s_precision_is_resolved(machine, expected):
    machine(gpus_of((8, 0) if expected == "mixed_bfloat16" else (7, 5)))
    for settings in ({}, {"precision": "auto"}):
        config = Config.from_preset("mnist", **settings)
        assert config.precision == expected
    kept = Config.from_preset("mnist", precision="mixed_float16")
    assert kept.precision == "mixed_float16"


def test_this_machine_s_cpuinfo_can_be_read():
    assert precision.resolve("auto") in precision.PRECISIONS
    exists = pathlib.Path("/proc/cpuinfo").exists()
    assert precision._is_native_on_cpu() in (
        {True, False} if exists else {False}
    )
