"""Files of what is labelled: what is written is read, all else refused."""

import json
import os

import numpy as np
import pytest

from ali_keras import InputError
from ali_keras.evaluation.few_labels import labelled_files
from ali_keras.writing import selections

CODES = {"z_mean": np.zeros((4, 2)), "label": np.array([1, 0, -1, 1])}
FILES = [b"a.png", b"b.png", b"c \xff.png", b"d.png"]
NAMES = ["cat", "dog"]


def write(folder, text, name="labelled.csv"):
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("form", selections.WRITERS)
def test_what_select_writes_is_read_again(tmp_path, form):
    images = [
        {"index": 2, "file": os.fsdecode(FILES[2]), "reason": "x, y"},
        {"index": 0, "file": "a.png", "reason": 'say "z"'},
    ]
    path = tmp_path / f"x.{form}"
    selections.WRITERS[form](path, {"strategy": "random"}, images)
    found = labelled_files.read(path)
    assert [image["index"] for image in found] == ["2", "0"]
    codes = {**CODES, "file": np.array(FILES)}
    chosen, labels = labelled_files.resolve(found, codes, NAMES)
    assert chosen.tolist() == [True, False, True, False]
    assert labels.tolist() == ["dog", "", "", ""]


def test_a_list_of_indices_will_do(tmp_path):
    path = write(tmp_path, "[3, 1]", "x.json")
    chosen, labels = labelled_files.resolve(
        labelled_files.read(path), CODES, NAMES
    )
    assert chosen.tolist() == [False, True, False, True]
    assert labels.tolist() == ["", "cat", "", "dog"]


def test_labels_in_the_file_go_before_the_data_set_s(tmp_path):
    path = write(tmp_path, "index,label\n0,cat\n1,1\n2,dog\n3,\n")
    _, labels = labelled_files.resolve(labelled_files.read(path), CODES, NAMES)
    assert labels.tolist() == ["cat", "dog", "dog", "dog"]


def test_without_classes_a_label_is_any_word(tmp_path):
    path = write(tmp_path, "file,label\nd.png,a bird\n")
    codes = {"z_mean": CODES["z_mean"], "file": np.array(FILES)}
    images = labelled_files.read(path)
    _, labels = labelled_files.resolve(images, codes, None)
    assert labels.tolist() == ["", "", "", "a bird"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.txt", "1", "must end in .json or .csv"),
        ("x.csv", "number\n1\n", r"columns.*\['number'\]"),
        ("x.csv", 'index\n"1', "must be CSV"),
        ("x.csv", "index,label\n1,a\n,b\n", "image 2, without"),
        ("x.json", "{", "must be whole"),
        ("x.json", '{"images": 1}', "list of indices"),
        ("x.json", "[1.5]", "list of indices"),
        ("x.json", json.dumps([{"label": "a"}]), "image 1, without"),
    ],
)
def test_other_files_are_refused(tmp_path, name, text, words):
    with pytest.raises(InputError, match=words):
        labelled_files.read(write(tmp_path, text, name))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="must be there"):
        labelled_files.read(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ({"index": "4"}, "0 to 3. Received: 4"),
        ({"index": "-1"}, "0 to 3. Received: -1"),
        ({"index": "9" * 30}, "0 to 3"),
        ({"file": "e.png"}, "0 to 3"),
        ({"index": "1", "split": "test"}, "split train.*Received: test"),
        ({"index": "1", "label": "bird"}, "one of .*Received: bird"),
        ({"index": "1", "label": "2"}, "one of .*Received: 2"),
    ],
)
def test_unknown_images_and_labels_are_refused(image, words):
    with pytest.raises(InputError, match=words):
        labelled_files.resolve([image], CODES, NAMES, "train")


def test_an_unknown_file_of_a_folder_is_refused():
    codes = {**CODES, "file": np.array(FILES)}
    with pytest.raises(InputError, match="below the folder. Received: e.png"):
        labelled_files.resolve([{"file": "e.png"}], codes, NAMES)
