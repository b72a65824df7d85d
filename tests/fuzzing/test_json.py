"""Mutated JSON files of a run: each works, or is refused in one line."""

import json

import pytest

from ali_keras import Config
from ali_keras.training import callbacks
from ali_keras.workdir import run_files
from tests.fuzzing import mutations

pytestmark = pytest.mark.exhaustive
NUM_INPUTS = 10_000
NUM_OF_OTHERS = 2000  # Of each file that is read once.
CONFIG = Config.from_preset("alice_mnist", "mnist_5k", epochs=3).values()
RECORD = {
    "epochs": 3,
    "command": "python -m tools.train",
    "commit": None,
    "versions": {"python": "3.11.7"},
    "machine": {"num_cores": 2},
    "labels": ["0", "1"],
}
HISTORY = {
    "discriminator_loss": [1.0, 0.9, 0.8],
    "generator_loss": [1.0, 1.1, 1.2],
    "discriminator_accuracy": [0.5, 0.75, 1],
    "seconds": [1.5, 1.0, 1.0],
}
ROLLBACKS = [{"step": 3, "terms": ["generator_loss"]}]
METRICS = {
    "num_held_out": 1000,
    "reconstruction_error": 0.1,
    "mean_sigma": 0.9,
    "label_accuracy": {"reconstructions": 0.5, "ceiling": 0.9},
}


def mutate(valid, seed):
    """The content of a file: values that were changed, or bytes."""
    rng = mutations.generator(seed)
    if rng.random() < 0.3:
        text = json.dumps(valid, indent=2).encode()
        return mutations.mutate_bytes(text, rng)
    return json.dumps(mutations.mutate_json(valid, rng)).encode()


def fuzz(read, valid, path, num_inputs=NUM_INPUTS):
    """Lets a function read mutations of a valid value."""
    watch = mutations.Watch(path.parent, own=[path.name])

    def one(seed):
        path.write_bytes(mutate(valid, seed))
        watch.call(read, path)

    mutations.run(num_inputs, one)
    watch.check()
    assert watch.accepted > num_inputs / 50


def read_config(path):
    config = Config.read(path)
    # What was accepted can be written and is itself.
    assert Config.from_values(**config.values()) == config
    assert config.image_shape
    json.dumps(config.values()).encode()


def read_history(path):
    history = callbacks.WriteHistory(path, initial_epoch=2).history
    for values in history.values():
        assert all(isinstance(float(value), float) for value in values)


def test_config(tmp_path):
    fuzz(read_config, CONFIG, tmp_path / "config.json")


def test_history(tmp_path):
    fuzz(read_history, HISTORY, tmp_path / "history.json")


@pytest.mark.parametrize(
    ("read", "valid"),
    [
        (run_files.read_record, RECORD),
        (run_files.read_rollbacks, ROLLBACKS),
        (run_files.read_metrics, METRICS),
    ],
    ids=["record", "rollbacks", "metrics"],
)
def test_records(tmp_path, read, valid):
    fuzz(read, valid, tmp_path / "file.json", NUM_OF_OTHERS)
