"""Folders of images: what is read, how it is split, what is refused."""

import hashlib
import os
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from ali_keras import InputError
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.image_folder import ImageFolder
from tests.data.folders import contents
from tests.data.folders import encoded
from tests.data.folders import fill
from tests.data.folders import picture
from tests.data.folders import refusal
from tests.data.folders import write


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Folder of 60 images without classes. Leave it as it is."""
    return fill(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def classed(tmp_path_factory):
    """Folder of 60 images of two classes. Leave it as it is."""
    return fill(tmp_path_factory.mktemp("classed"), classes=("cat", "dog"))


def test_the_split_is_a_tenth_by_the_hash_of_the_content(plain):
    expected = {"train": set(), "test": set()}
    for path in plain.iterdir():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        is_test = int(digest[:16], 16) % 10 == 0
        expected["test" if is_test else "train"].add(path.read_bytes())
    for split, files in expected.items():
        assert contents(plain, split) == files
    assert 1 <= len(expected["test"]) <= 14


def test_about_a_tenth_is_held_out(tmp_path):
    builder = ImageFolder(fill(tmp_path, 600, shape=(1, 1, 3)))
    # Binomial: 60, give or take 7.3.
    assert 38 <= builder.info.splits["test"].num_examples <= 82


def test_renamed_moved_and_added_files_change_no_split(plain, tmp_path):
    before = {split: contents(plain, split) for split in ("train", "test")}
    changed = tmp_path / "changed"
    for number, path in enumerate(sorted(plain.iterdir())):
        write(changed / f"{number % 3}" / f"x{number}.PNG", path.read_bytes())
    added = encoded(picture(1000))
    write(changed / "0" / "added.png", added)
    after = {split: contents(changed, split) for split in before}
    assert after["train"] - {added} == before["train"]
    assert after["test"] - {added} == before["test"]


def test_duplicates_share_a_split(classed, tmp_path):
    folder = shutil.copytree(classed, tmp_path / "copy")
    for path in sorted((folder / "cat").iterdir()):
        shutil.copy(path, folder / "dog" / f"twin{path.name}")
    assert not contents(folder, "train") & contents(folder, "test")
    sizes = ImageFolder(folder).info.splits
    assert sum(sizes[x].num_examples for x in ("train", "test")) == 90


def test_the_order_does_not_hang_on_names(plain, tmp_path):
    for number, path in enumerate(sorted(plain.iterdir(), reverse=True)):
        write(tmp_path / f"{number:03}.png", path.read_bytes())
    first, second = (
        splits.load_arrays(ImageFolder(x), "train", 8, 3)[0]
        for x in (plain, tmp_path)
    )
    np.testing.assert_array_equal(first, second)


def test_sub_folders_are_classes(classed):
    builder = sources.open_dataset(f"folder:{classed}")
    assert sources.has_labels(builder)
    assert builder.info.features["label"].names == ["cat", "dog"]
    for example in tfds.as_numpy(builder.as_dataset("train")):
        file = example["file"].decode()
        assert file.startswith(("cat/", "dog/")[example["label"]])
        expected = np.array(Image.open(classed / file))
        np.testing.assert_array_equal(example["image"], expected)


def test_arrays_and_labels_are_loaded(classed):
    builder = sources.open_dataset(f"folder:{classed}")
    names = splits.split_names(builder)
    assert names == ("train", "test")
    for split in names:
        images, labels = splits.load_arrays(builder, split, 8, 3)
        assert len(images) == builder.info.splits[split].num_examples
        stored = list(tfds.as_numpy(builder.as_dataset(split)))
        np.testing.assert_array_equal(images, [x["image"] for x in stored])
        np.testing.assert_array_equal(labels, [x["label"] for x in stored])
    assert set(labels) == {0, 1}


@pytest.mark.parametrize("sub_folder", ["", "only", "only/deep"])
def test_without_two_classes_there_are_no_labels(tmp_path, sub_folder):
    builder = ImageFolder(fill(tmp_path, classes=(sub_folder,)))
    assert not sources.has_labels(builder)
    assert splits.load_arrays(builder, "test", 8, 3)[1] is None


def test_deeper_images_are_of_the_class_above_them(tmp_path):
    fill(tmp_path, classes=("a", "b/x", "b/y/z"))
    builder = ImageFolder(tmp_path)
    assert builder.info.features["label"].names == ["a", "b"]
    for example in tfds.as_numpy(builder.as_dataset("train")):
        assert example["label"] == example["file"].startswith(b"b/")


def test_a_class_may_have_one_image(classed, tmp_path):
    folder = shutil.copytree(classed, tmp_path / "copy")
    write(folder / "lone" / "1.png", encoded(picture(61)))
    builder = ImageFolder(folder)
    assert builder.info.features["label"].names == ["cat", "dog", "lone"]
    _, labels = splits.load_arrays(builder, "train+test", 8, 3)
    assert np.bincount(labels).tolist() == [30, 30, 1]


def test_images_beside_classes_are_refused(classed, tmp_path):
    folder = shutil.copytree(classed, tmp_path / "copy")
    write(folder / "stray.png", encoded(picture(61)))
    assert "all in it or all in sub-folders" in refusal(folder)


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("train[:7]", slice(7)),
        ("train[5:9]", slice(5, 9)),
        ("train[:1]+train[1:2]", slice(2)),
        ("train[-3:]", slice(-3, None)),
    ],
)
def test_slices_are_those_of_tfds(plain, split, expected):
    builder = ImageFolder(plain)
    whole, _ = splits.load_arrays(builder, "train", 8, 3)
    part, _ = splits.load_arrays(builder, split, 8, 3)
    np.testing.assert_array_equal(part, whole[expected])
    assert builder.info.splits[split].num_examples == len(part)


def test_tenths_are_those_of_tfds(plain):
    splits = ImageFolder(plain).info.splits
    count = splits["train"].num_examples
    assert splits["train[90%:]"].num_examples == count - round(0.9 * count)


@pytest.mark.parametrize("split", ["nope", "train[", "validation", ""])
def test_unknown_splits_are_refused(plain, split):
    with pytest.raises(InputError, match=r"one of \['test', 'train'\]"):
        splits.read_examples(ImageFolder(plain), split, 8, 3)


def test_other_files_are_ignored_and_counted(plain, tmp_path):
    folder = shutil.copytree(plain, tmp_path / "copy")
    for name in ("notes.txt", ".hidden.png", "Thumbs.db", "a.gif", "png"):
        write(folder / name, b"none")
    builder = ImageFolder(folder)
    assert builder.num_ignored == 5
    assert splits.describe_images(builder, 8, 3) == (
        "taken as they are; other files, ignored: 5"
    )


@pytest.mark.parametrize(
    ("shapes", "expected", "words"),
    [
        ([(8, 8, 3)], (8, 8, 3), "taken as they are"),
        ([(8, 9, 3)], (8, 9, 3), "center-cropped to a square, resized to 8x8"),
        (
            [(8, 8, 3), (9, 8, 3)],
            (None, 8, 3),
            "center-cropped to a square, resized to 8x8",
        ),
        ([(8, 8), (8, 8, 3)], (8, 8, 3), "taken as they are"),
        ([(8, 8)], (8, 8, 1), "made RGB"),
    ],
)
def test_the_shape_is_what_all_images_agree_on(
    tmp_path, shapes, expected, words
):
    for number in range(40):
        pixels = picture(number, shapes[number % len(shapes)])
        write(tmp_path / f"{number}.png", encoded(pixels))
    builder = ImageFolder(tmp_path)
    assert builder.info.features["image"].shape == expected
    assert splits.describe_images(builder, 8, 3) == words
    assert splits.load_arrays(builder, "train", 8, 3)[0].shape[1:] == (8, 8, 3)


def test_links_are_followed_but_not_in_circles(plain, tmp_path):
    (tmp_path / "images").symlink_to(plain)
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "up").symlink_to(tmp_path / "deep")
    builder = ImageFolder(tmp_path)
    sizes = [builder.info.splits[x].num_examples for x in ("train", "test")]
    assert sum(sizes) == 60


def test_folders_without_images_are_refused(tmp_path):
    missing = tmp_path / "missing"
    assert f"{missing}, which is no folder" in refusal(missing)
    assert f"{tmp_path}, with 0 other files" in refusal(tmp_path)
    file = write(tmp_path / "notes.txt", b"text")
    assert f"{tmp_path}, with 1 other files" in refusal(tmp_path)
    assert "which is no folder" in refusal(file)


def test_too_few_images_for_two_splits_are_refused(tmp_path):
    line = refusal(fill(tmp_path, 2))
    assert "{'train': 2, 'test': 0}" in line


def test_a_relative_path_is_looked_up_in_data_dir(plain, monkeypatch):
    name = f"folder:{plain.name}"
    for builder in (
        sources.open_dataset(name, str(plain.parent)),
        sources.open_dataset(f"folder:{plain}", "elsewhere"),
    ):
        assert builder.data_dir == str(plain)
    monkeypatch.chdir(plain.parent)
    assert sources.open_dataset(name).data_dir == plain.name
    monkeypatch.setenv("HOME", str(plain.parent))
    home = sources.open_dataset(f"folder:~/{plain.name}")
    assert home.data_dir == str(plain)


def test_file_names_of_any_bytes_are_read(plain, tmp_path):
    folder = shutil.copytree(plain, tmp_path / "copy")
    name = "fr\u00fch \u732b.png".encode() + b"\xff.png"
    write(folder / os.fsdecode(name), encoded(picture(99)))
    builder = ImageFolder(folder)
    found = [
        x["file"]
        for x in tfds.as_numpy(
            splits.read_examples(builder, "train+test", 8, 3)
        )
    ]
    assert name in found
    assert builder.longest_name() == len(name)
