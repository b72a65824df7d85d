"""Batches that hold each class equally often: their order, what is refused."""

import json
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds

from ali_keras import InputError
from ali_keras.data.batches import training_batches
from tests import programs
from tools import train

# Ten images of class 0, one of class 2, three of class 5.
LABELS = np.array([0, 5, 0, 0, 2, 0, 0, 5, 0, 0, 0, 5, 0, 0])
NUMBERED = np.arange(len(LABELS), dtype=np.uint8)[:, None, None, None]
BALANCED = "--balanced_classes"


def batches(steps, batch_size=6, seed=0, steps_per_epoch=4, **options):
    """Numbers and labels of the images of each share, as two arrays."""
    options = {"labels": LABELS, "balanced": True, **options}
    drawn = training_batches(
        NUMBERED, batch_size, seed, steps, steps_per_epoch, **options
    )
    images, labels = zip(*tfds.as_numpy(drawn), strict=True)
    numbers = np.round(np.stack(images)[..., 0, 0, 0] * 255).astype(int)
    return numbers, np.stack(labels)


def test_the_classes_take_turns():
    _, labels = batches(range(3), batch_size=4)
    assert labels.tolist() == [[0, 2, 5, 0], [2, 5, 0, 2], [5, 0, 2, 5]]


def test_labels_are_those_of_their_images():
    numbers, labels = batches(range(5))
    np.testing.assert_array_equal(labels, LABELS[numbers])


@pytest.mark.parametrize("batch_size", [3, 5, 14])
def test_counts_of_classes_differ_by_one_at_most(batch_size):
    _, labels = batches(range(7), batch_size)
    counts = np.bincount(labels.flat)[[0, 2, 5]]
    assert counts.sum() == 7 * batch_size
    assert np.ptp(counts) <= 1


@pytest.mark.parametrize("seed", range(3))
def test_a_class_comes_in_one_permutation_after_the_other(seed):
    # 30 images of each class: 3, 30 and 10 permutations.
    numbers, labels = batches(range(15), seed=seed)
    for label in (0, 2, 5):
        members = np.flatnonzero(LABELS == label)
        passes = numbers[labels == label].reshape(-1, len(members))
        assert (np.sort(passes) == members).all()
        assert len(members) == 1 or len(set(map(tuple, passes))) > 1


def test_classes_of_one_size_have_permutations_of_their_own():
    labels = np.arange(14) % 2
    numbers, _ = batches(range(7), batch_size=14, labels=labels)
    assert (numbers[:, ::2] // 2 != numbers[:, 1::2] // 2).any()


def test_the_seed_fixes_the_order():
    one, same, other = (batches(range(5), seed=s)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("start", [1, 4, 9])
def test_any_step_can_be_had_without_those_before(start):
    whole, _ = batches(range(11))
    tail, _ = batches(range(start, 11))
    np.testing.assert_array_equal(tail, whole[start:])


@pytest.mark.parametrize("workers", [[range(2)], [range(1), range(1, 2)]])
def test_shares_make_up_the_batch_of_one_process(workers):
    shares = [
        batches(range(1, 6), replicas=replicas, num_replicas=2)[0].reshape(
            5, -1
        )
        for replicas in workers
    ]
    whole, _ = batches(range(1, 6))
    np.testing.assert_array_equal(np.concatenate(shares, axis=1), whole)


def test_the_row_of_labels_is_the_plain_one_without_the_setting():
    plain, _ = batches(range(2), balanced=False)
    without, _ = batches(range(2), balanced=False, labels=None)
    np.testing.assert_array_equal(plain, without)
    assert len(set(plain.flat)) == plain.size


@pytest.mark.parametrize(
    ("labels", "received"),
    [
        (None, "images without labels"),
        (np.where(LABELS == 2, -1, LABELS), "1 of 14 images without one"),
        (np.ones((14, 2), "float32"), "vectors of attributes"),
    ],
)
def test_images_without_a_class_are_refused(labels, received):
    with pytest.raises(InputError, match=f"class label. Received: {received}"):
        batches(range(1), labels=labels)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folder of `tiny_labelled`, and of `tiny`, without labels."""
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    sizes = {"train": 24, "test": 8}
    programs.store_dataset(folder, "tiny_labelled", sizes, (4, 4, 1))
    return folder


def start(data, path, *flags):
    flags = (f"--data_dir={data}", "--dataset=tiny_labelled", *flags)
    return programs.train_tiny(path, *flags)


@pytest.mark.slow
def test_a_run_that_was_cut_short_goes_on_to_the_bit(data, tmp_path):
    status, whole = start(data, tmp_path / "whole", BALANCED, "--epochs=2")
    assert status == 0
    assert json.loads(whole.config.read_text())["balanced_classes"] is True
    path = shutil.copytree(whole.path, tmp_path / "cut")
    for name in ("checkpoints/*6*", "model.keras", "training.json"):
        for file in path.glob(name):
            file.unlink()
    status, again = start(data, path, BALANCED, "--epochs=2")
    assert status == 0
    assert programs.differences(again, whole) == []


def test_a_balanced_run_is_another_one(data, tmp_path):
    _, balanced = start(data, tmp_path / "one", BALANCED, "--epochs=1")
    _, plain = start(data, tmp_path / "two", "--epochs=1")
    assert programs.differences(balanced, plain)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--dataset=tiny"], "class label. Received: images without labels"),
        (["--discriminator_classes=2"], "balanced_classes must be false with"),
    ],
)
def test_a_run_without_classes_is_refused(data, tmp_path, capsys, flags, words):
    status, workdir = start(data, tmp_path / "run", BALANCED, *flags)
    assert words in programs.error_line(status, capsys.readouterr())
    assert not workdir.path.exists()


def test_the_program_has_the_flag(capsys):
    flags = ("--preset=mnist", "--dataset=not_there", "--dry_run", BALANCED)
    assert programs.start(train, *flags) == 0
    assert "balanced_classes" in capsys.readouterr().out
