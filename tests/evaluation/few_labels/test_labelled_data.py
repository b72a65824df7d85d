"""How a data set is divided: pool, validation, test."""

import numpy as np
import pytest

from ali_keras import Config
from ali_keras import InputError
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.evaluation.few_labels.labelled_data import LabelledData
from tests import programs


def config(folder, name, **changes):
    return Config.from_preset("mnist", name, data_dir=str(folder), **changes)


def joined(batches):
    return [np.concatenate(arrays) for arrays in zip(*batches, strict=True)]


def load(folder, name, split):
    builder = sources.open_dataset(name, str(folder))
    return splits.load_arrays(builder, split, 28, 1)


def check_equal(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_labelled_sets_are_of_train_whatever_the_networks_were_trained_on(
    tmp_path,
):
    # As of SVHN, whose networks are trained on "extra".
    sizes = {"train": 20, "test": 6, "extra": 30}
    programs.store_dataset(tmp_path, "numbers", sizes)
    run = config(tmp_path, "numbers", train_split="extra")
    data = LabelledData(run, num_validation=5)
    check_equal(data.pool, load(tmp_path, "numbers", "train[:15]"))
    validation = load(tmp_path, "numbers", "train[15:]")
    check_equal(data.validation, validation)
    check_equal(joined(data.validation_batches()), validation)
    check_equal(joined(data.test_batches()), load(tmp_path, "numbers", "test"))
    assert (data.num_classes, data.num_test) == (2, 6)


def test_without_a_test_split_the_last_tenth_of_train_is_it(tmp_path):
    programs.store_dataset(tmp_path, "one", {"train": 40})
    data = LabelledData(config(tmp_path, "one"))
    num_pool = 36 - 36 // 5
    check_equal(data.pool, load(tmp_path, "one", f"train[:{num_pool}]"))
    check_equal(data.validation, load(tmp_path, "one", f"train[{num_pool}:36]"))
    check_equal(
        joined(data.test_batches()), load(tmp_path, "one", "train[36:]")
    )


def test_a_data_set_without_labels_is_refused(tmp_path):
    sizes = {"train": 20, "test": 6}
    programs.store_dataset(tmp_path, "plain", sizes, label=False)
    with pytest.raises(InputError, match=r"must have labels.*with \['image'\]"):
        LabelledData(config(tmp_path, "plain"))
