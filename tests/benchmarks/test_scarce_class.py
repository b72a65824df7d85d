"""A scarce class: what fills it, the classifier, the program, its table."""

import sys

import numpy as np
import pytest

from benchmarks import scarce_class
from benchmarks import scarce_sets
from benchmarks.scarce_sets import Images
from tests import programs
from tools.documents import records
from tools.documents.tables import scarce_table

LABELS = np.array([0, 0, 0, 1, 2, 2, 2, 2, 2, 1])
WAYS = ["as it is", "repeated", "augmented", "ALI", "both"]


def striped(number, seed=0):
    """Images of two classes: bright in the upper or in the lower half."""
    rng = np.random.default_rng(seed)
    labels = np.arange(number) % 2
    pixels = rng.integers(0, 50, (number, 28, 28, 1), np.uint8)
    for label, half in enumerate((slice(14), slice(14, None))):
        pixels[labels == label, half] += 150
    return Images(pixels, labels)


def test_the_seed_chooses_what_is_left_of_a_class():
    labels = np.arange(100) % 5
    one, same, other = (
        scarce_sets.choose_scarce(labels, 3, 6, seed) for seed in (1, 1, 2)
    )
    assert (labels[one] == 3).all() and len(set(one)) == 6
    np.testing.assert_array_equal(one, same)
    assert set(one) != set(other)


def test_a_class_lacks_what_the_others_have_on_average():
    # The others have 3 and 5.
    assert scarce_sets.num_missing(LABELS, 1) == 2


def test_each_way_adds_as_many_images_of_the_class():
    images = Images(np.full((10, 28, 28, 1), 7, np.uint8), LABELS)
    generated = np.full((5, 28, 28, 1), 9, np.uint8)
    filled = scarce_sets.fill(images, 1, generated, seed=0)
    assert list(filled) == WAYS
    for name, each in filled.items():
        added = 0 if name == "as it is" else 5
        assert np.bincount(each.labels).tolist() == [3, 2 + added, 5]
        assert len(each.pixels) == len(each.labels)
    assert (filled["repeated"].pixels == 7).all()
    assert (filled["ALI"].pixels[10:] == 9).all()
    values = filled["both"].pixels[10:].max(axis=(1, 2, 3))
    assert values.tolist() == [7, 7, 9, 9, 9]


def test_augmented_images_are_others_of_the_same_brightness():
    pixels = np.zeros((4, 28, 28, 1), np.uint8)
    pixels[:, 10:18, 10:18] = 200
    one, same, other = (scarce_sets.augment(pixels, seed) for seed in (1, 1, 2))
    assert one.dtype == np.uint8 and one.shape == pixels.shape
    np.testing.assert_array_equal(one, same)
    assert (one != other).any() and (one[0] != one[1]).any()
    # Zoom by a tenth changes an area by a fifth.
    assert (np.abs(one.mean(axis=(1, 2, 3)) / pixels.mean() - 1) < 0.25).all()


def test_scores_are_those_counted_by_hand():
    labels = np.array([0, 0, 1, 1, 1, 2])
    predicted = np.array([0, 1, 1, 1, 2, 2])
    score = scarce_sets.score(predicted, labels, 1)
    assert score == pytest.approx(
        {"recall": 2 / 3, "precision": 2 / 3, "accuracy": 4 / 6}
    )
    nothing = scarce_sets.score(np.zeros(6, int), labels, 1)
    assert nothing["recall"] == nothing["precision"] == 0


def test_the_classifier_tells_what_can_be_told():
    result = scarce_sets.judge(striped(1000), striped(100, seed=1), 1, seed=0)
    assert result == {"recall": 1, "precision": 1, "accuracy": 1}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (["--classes=1,x"], "--classes must be numbers, such as 0,1,2. Rece"),
        (["--classes=10"], "have 20 training images to be left with. Received"),
        (["--split=train[:10]"], "split must have no image that was trained"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    data_dir, tmp_path, capsys, given, line
):
    path = tmp_path / "x.jsonl"
    flags = ("--dataset=mnist_5k", f"--data_dir={data_dir}", *given)
    status = programs.start(scarce_class, f"--output={path}", *flags)
    assert line in programs.error_line(status, capsys.readouterr())
    assert not path.exists()


def test_without_an_output_nothing_is_measured(capsys):
    status = programs.start(scarce_class, "--dataset=mnist_5k")
    line = programs.error_line(status, capsys.readouterr())
    assert "--output must be given" in line


@pytest.mark.exhaustive
def test_the_program_adds_the_lines_that_are_missing(data_dir, tmp_path):
    path = tmp_path / "scarce.jsonl"
    there = {"name": "mnist_5k_1", "seed": 0, "metrics": "as it was"}
    records.write(path, [there])
    status, output, errors = programs.run(
        *(sys.executable, "-m", "benchmarks.scarce_class"),
        *("--dataset=mnist_5k", f"--data_dir={data_dir}", f"--output={path}"),
        *("--classes=1,0", "--seeds=0", "--training_steps=2", "--split=test"),
    )
    assert status == 0, errors
    assert output.count("seed 0") == 1
    new, old = records.read(path)
    assert old == there
    assert (new["name"], new["seed"]) == ("mnist_5k_0", 0)
    assert {"command", "commit", "versions", "machine"} < new.keys()
    metrics = new["metrics"]
    assert list(metrics["sets"]) == WAYS
    assert metrics["num_held_out"] == 1000
    assert 200 < metrics["num_added"] + 20 < 400  # 3,200 train, of 10 classes.


def measured(label, recall):
    sets = {
        way: {"recall": recall, "precision": 1.0, "accuracy": 0.5}
        for way in WAYS[:2]
    }
    return {"metrics": {"dataset": "mnist", "class": label, "sets": sets}}


def test_the_table_has_each_class_and_all(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    assert scarce_table.scarce_class() == scarce_table.NOTHING
    runs = [measured(0, 0.2), measured(0, 0.4), measured(1, 0.6)]
    records.write(records.path("scarce_class"), runs)
    head, _, *lines = scarce_table.scarce_class().split("\n")
    assert head == "| data set | measured | class | as it is | repeated |"
    assert lines == [
        "| `mnist` | recall | 0 | 0.300 ± 0.100 | 0.300 ± 0.100 |",
        "| `mnist` | recall | 1 | 0.600 ± 0.000 | 0.600 ± 0.000 |",
        "| `mnist` | recall | all | 0.400 ± 0.163 | 0.400 ± 0.163 |",
        "| `mnist` | precision | all | 1.000 ± 0.000 | 1.000 ± 0.000 |",
        "| `mnist` | accuracy | all | 0.500 ± 0.000 | 0.500 ± 0.000 |",
    ]
