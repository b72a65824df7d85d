"""TensorFlow's remapper, which fails on some training steps."""

import os
import sys

import keras
import pytest
import tensorflow as tf

from ali_keras.model.updates import graph_options
from ali_keras.model.updates.graph_options import without_remapper
from tests import programs
from tests import tiny

# Two steps, in a process that has oneDNN on whatever its processor.
STEPS = """
import hashlib
import sys
import numpy as np
import ali_keras
from ali_keras.model.updates import graph_options
if sys.argv[1] == "as TensorFlow has it":
    del graph_options.TrainsWithoutRemapper.make_train_function
config = ali_keras.Config.from_preset("mnist", precision="float32")
model = ali_keras.build_model(config)
images = np.random.default_rng(0).random((8, 28, 28, 1), "float32")
model.fit(images, batch_size=4, verbose=0, shuffle=False)
weights = b"".join(value.tobytes() for value in model.get_weights())
print(hashlib.sha256(weights).hexdigest())
"""
FAILURE = "remapper failed"


def option():
    return tf.config.optimizer.get_experimental_options().get("remapping")


def test_the_option_is_that_of_before_afterwards():
    before = option()
    with without_remapper():
        assert option() is False
    assert option() is before


def sequence(*layers):
    return keras.Sequential([keras.Input((4, 4, 1)), *layers])


@pytest.mark.parametrize(
    ("layers", "fails"),
    [
        (("conv", "leaky"), True),
        (("conv", "norm", "leaky"), False),
        (("conv without bias", "leaky"), False),
        (("conv",), False),
    ],
)
@pytest.mark.parametrize("is_on", [True, False])
def test_it_fails_on_a_leaky_relu_of_a_bias_with_onednn(
    monkeypatch, layers, fails, is_on
):
    monkeypatch.setattr(graph_options, "has_onednn", lambda: is_on)
    made = {
        "conv": lambda: keras.layers.Conv2D(2, 1),
        "conv without bias": lambda: keras.layers.Conv2D(2, 1, use_bias=False),
        "norm": keras.layers.BatchNormalization,
        "leaky": keras.layers.LeakyReLU,
    }
    network = sequence(*(made[name]() for name in layers))
    assert graph_options.remapper_fails([network]) == (fails and is_on)


@pytest.mark.parametrize("fails", [True, False])
def test_only_a_step_on_which_it_fails_is_without_it(monkeypatch, fails):
    monkeypatch.setattr(graph_options, "remapper_fails", lambda _: fails)
    model = tiny.model(run_eagerly=True)
    seen = []
    step = model.train_step
    model.train_step = lambda data: seen.append(option()) or step(data)
    model.fit(tiny.batches(tiny.images(8)), verbose=0, shuffle=False)
    assert seen == [False if fails else None]
    assert option() is None


@pytest.mark.exhaustive
def test_nothing_is_printed_and_the_weights_are_the_same():
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "1",
        "TF_ENABLE_ONEDNN_OPTS": "1",
    }
    ends = {}
    for how in ("as TensorFlow has it", "ours"):
        command = (sys.executable, "-c", STEPS, how)
        status, digest, errors = programs.run(*command, env=environment)
        assert status == 0, errors
        ends[how] = digest
        # Should TensorFlow mend it, this module is no longer needed.
        assert (FAILURE in errors) == (how != "ours"), errors
    assert len(set(ends.values())) == 1
