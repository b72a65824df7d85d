"""TensorFlow's remapper, which fails on the step of a gradient penalty."""

import os
import sys

import pytest
import tensorflow as tf

from ali_keras import Objective
from ali_keras.model.graph_options import without_remapper
from tests import programs
from tests import tiny

# Two steps, in a process that has oneDNN on whatever its processor.
STEPS = """
import hashlib
import sys
import numpy as np
import ali_keras
from ali_keras.model import graph_options
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


@pytest.mark.parametrize(("penalty", "expected"), [(0.0, None), (0.3, False)])
def test_the_step_of_a_penalty_alone_is_without_it(penalty, expected):
    model = tiny.model(Objective(gradient_penalty=penalty), run_eagerly=True)
    seen = []
    step = model.train_step
    model.train_step = lambda data: seen.append(option()) or step(data)
    model.fit(tiny.batches(tiny.images(8)), verbose=0, shuffle=False)
    assert seen == [expected]
    assert option() is None


@pytest.mark.slow
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
