"""Any split may be held out that was not trained on."""

import pytest

from ali_keras import InputError
from ali_keras.data import sources
from ali_keras.data import splits


def test_a_part_of_the_training_split_may_be_held_out(data_dir):
    builder = sources.open_dataset("mnist_5k", data_dir)
    names = "train[:3000]", "train[3000:]"
    assert splits.split_names(builder, *names) == names
    assert splits.split_names(builder, None, "test[:5]") == (
        "train",
        "test[:5]",
    )


@pytest.mark.parametrize(
    ("train", "held_out"),
    [
        (None, "train[3999:]"),
        ("train[:3000]", "train[2999:3001]"),
        ("train[:10]+train[20:]", "test+train[15:21]"),
        ("train[:50%]", "train"),
    ],
)
def test_held_out_images_were_not_trained_on(data_dir, train, held_out):
    builder = sources.open_dataset("mnist_5k", data_dir)
    with pytest.raises(InputError, match="no image that was trained on"):
        splits.split_names(builder, train, held_out)


@pytest.mark.parametrize("held_out", ["nope", "train[", "train[a:]"])
def test_an_unknown_held_out_split_is_refused(data_dir, held_out):
    builder = sources.open_dataset("mnist_5k", data_dir)
    with pytest.raises(InputError, match=r"split must be one of \['test'"):
        splits.split_names(builder, None, held_out)
