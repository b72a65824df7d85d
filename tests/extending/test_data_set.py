"""A data set is a TFDS builder: imported, and it is known by its name."""

import numpy as np
import tensorflow_datasets as tfds

from ali_keras import datasets
from ali_keras.data import sources
from ali_keras.data import splits
from tests import programs


class Stripes(tfds.core.GeneratorBasedBuilder):
    """Images of 4x4 with one bright row, which is their label."""

    name = "stripes"
    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(4, 4, 1)),
                    "label": tfds.features.ClassLabel(num_classes=4),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples(40),
            "test": self._generate_examples(8),
        }

    def _generate_examples(self, number):
        for index in range(number):
            image = np.zeros((4, 4, 1), "uint8")
            image[index % 4] = 200
            yield index, {"image": image, "label": index % 4}


def test_it_is_read_with_its_labels(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "EMBEDDED", (*datasets.EMBEDDED, "stripes"))
    builder = sources.open_dataset("stripes", str(tmp_path))
    images, labels = splits.load_arrays(builder, "train", 4, 1)
    assert images.shape == (40, 4, 4, 1)
    np.testing.assert_array_equal(images[:, :, 0, 0].argmax(axis=1), labels)


def test_it_is_trained_on_by_its_name(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "EMBEDDED", (*datasets.EMBEDDED, "stripes"))
    status, workdir = programs.train_tiny(
        tmp_path / "run",
        "--dataset=stripes",
        "--epochs=1",
        f"--data_dir={tmp_path}",
    )
    assert status == 0
    with programs.tiny_networks():
        _, config = workdir.load()
    assert config.dataset == "stripes"
