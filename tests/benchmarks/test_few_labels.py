"""The baselines of few labels: they learn, and are refused without classes."""

import keras
import numpy as np
import pytest

from ali_keras.config import Config
from benchmarks import few_labels
from tests import programs
from tests import tiny
from tools.documents import records

FLAGS = ("--num_labels=4", "--labelled_batch_size=4", "--epochs=1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of prepared data, and of the runs with and without classes."""
    folder = tmp_path_factory.mktemp("few_labels")
    programs.store_dataset(folder, "tiny", {"train": 64, "test": 8}, (4, 4, 1))
    flags = (f"--data_dir={folder}", "--discriminator_classes=2", *FLAGS)
    assert programs.train_tiny(folder / "run", *flags)[0] == 0
    flags = (f"--data_dir={folder}", "--epochs=1")
    assert programs.train_tiny(folder / "plain", *flags)[0] == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("method", few_labels.METHODS)
def test_a_line_says_the_error(folder, tmp_path, capsys, method):
    output = tmp_path / "x.jsonl"
    flags = (f"--workdir={folder / 'run'}", f"--output={output}")
    with programs.tiny_networks():
        flags += (f"--method={method}", "--baseline_steps=3")
        assert programs.start(few_labels, *flags) == 0
    [line] = records.read(output)
    assert line["name"] == f"tiny_4_{method}"
    error = line["metrics"]["classification_error"]["z_zero"]
    assert error * 8 == round(error * 8)
    assert f"Error: {error:.4f}" in capsys.readouterr().out


@pytest.mark.slow
def test_the_labels_alone_are_learned_by_heart():
    config = Config.from_preset(
        "semi_mnist",
        precision="float32",
        labelled_shift=0,
        discriminator_learning_rate=1e-2,
        ema_decay=0.9,
        latent_dim=tiny.LATENT_DIM,
        discriminator_classes=2,
    )
    with programs.tiny_networks():
        classifier = few_labels.Classifier(config, uses_unlabelled=False)
    images = np.random.default_rng(0).random((4, 4, 4, 1), "float32")
    labels = np.array([0, 1, 1, 0], "int32")
    batch = {"labelled_image": images, "labelled_label": labels}
    keras.utils.set_random_seed(0)
    for _ in range(120):
        logs = classifier.train_step(batch)
    assert float(logs["loss"]) < 0.35
    found = classifier.predict(images, verbose=0).argmax(axis=1)
    np.testing.assert_array_equal(found, labels)


def test_only_sure_classes_are_learned():
    config = Config.from_preset(
        "semi_mnist", precision="float32", discriminator_classes=2
    )
    with programs.tiny_networks():
        classifier = few_labels.Classifier(config, uses_unlabelled=True)
    images = np.zeros((3, 4, 4, 1), "float32")
    # New weights are not sure of anything.
    assert float(classifier._loss_of_own_classes(images)) == 0


def test_a_run_without_classes_is_refused(folder, capsys):
    status = programs.start(few_labels, f"--workdir={folder / 'plain'}")
    line = programs.error_line(status, capsys.readouterr())
    assert "--discriminator_classes" in line
