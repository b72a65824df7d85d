"""Programs with a model of attributes, on data built as TFDS' celeb_a."""

import json

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras import Config
from ali_keras.data import sources
from ali_keras.data import splits
from tests import programs
from tools import evaluate
from tools import generate
from tools import reconstruct

NAMES = ["Bald", "Eyeglasses", "Young"]


def store(folder, names=NAMES, shape=(4, 4, 1), numbers=(), **named):
    """Stores images whose upper half is bright with their first attribute."""
    rng = np.random.default_rng(0)
    has = rng.integers(0, 2, (48, len(names))).astype(bool)
    images = rng.integers(0, 100, (48, *shape), np.uint8)
    images[:, : shape[0] // 2] += 150 * has[:, :1, None, None].astype("uint8")
    features = {
        "image": tfds.features.Image(shape=shape),
        "attributes": dict.fromkeys(names, np.bool_),
    }
    told = {each: has[:, i] for i, each in enumerate(names)}
    examples = {"image": images, "attributes": told}
    for group, members in dict(numbers).items():
        features[group] = dict.fromkeys(members, np.int64)
        examples[group] = dict.fromkeys(members, np.zeros(48, "int64"))
    data = tf.data.Dataset.from_tensor_slices(examples)
    # TFDS wants all splits to be of one class.
    splits = {
        "train": data.shard(3, 0).concatenate(data.shard(3, 1)),
        "test": data.shard(3, 2).concatenate(data.take(0)),
    }
    named = {"name": "tiny_faces", **named}
    programs.store_splits(folder, features=features, splits=splits, **named)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    store(folder)
    return folder


def start_training(data, path, *flags):
    return programs.train_tiny(
        path,
        f"--data_dir={data}",
        "--dataset=tiny_faces",
        "--conditional=attributes",
        "--epochs=1",
        *flags,
    )


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    status, workdir = start_training(data, path)
    assert status == 0
    return workdir


def start(program, workdir, *flags):
    with programs.tiny_networks():
        return programs.start(program, f"--workdir={workdir.path}", *flags)


def load(workdir):
    with programs.tiny_networks():
        return workdir.load()[0]


def cells(path, num_columns):
    """The 4x4 images of a grid, `(rows, columns, 4, 4)`."""
    picture = tf.io.decode_png(path.read_bytes()).numpy()[::2, ::2, 0]
    rows = picture.reshape(-1, 6, num_columns, 6).swapaxes(1, 2)
    return rows[:, :, :4, :4]


def as_pixels(images):
    return np.round(np.asarray(images)[..., 0] * 255)


def test_the_run_records_the_names(run):
    assert json.loads(run.attributes.read_text()) == NAMES


def test_a_row_is_one_z_and_a_column_one_setting(run, tmp_path, capsys):
    path = tmp_path / "grid.png"
    flags = ("--attributes=unchanged;Eyeglasses,-Bald", "--num_images=5")
    status = start(
        generate, run, "--vary_labels", f"--output={path}", "--seed=3", *flags
    )
    assert status == 0
    assert (
        "   1  unchanged\n   2  Eyeglasses, -Bald\n" in capsys.readouterr().out
    )
    model = load(run)
    z = np.repeat(model.sample_prior(2, seed=3), 2, axis=0)
    told = [[0, 0, 0], [0, 1, 0]] * 2
    expected = as_pixels(model.decode(z, np.array(told, "float32")))
    found = cells(path, 2).reshape(4, 4, 4)
    np.testing.assert_allclose(found, expected, atol=1)


def test_rows_of_the_same_z_have_attributes_of_their_own(run, tmp_path):
    path = tmp_path / "grid.png"
    flags = ("--attributes=unchanged;Bald", "--row_attributes=Young;-Young")
    flags = ("--vary_labels", f"--output={path}", "--num_images=8", *flags)
    assert start(generate, run, *flags) == 0
    model = load(run)
    z = np.repeat(model.sample_prior(2), 4, axis=0)
    told = [[0, 0, 1], [1, 0, 1], [0, 0, 0], [1, 0, 0]] * 2
    expected = as_pixels(model.decode(z, np.array(told, "float32")))
    found = cells(path, 2).reshape(8, 4, 4)
    np.testing.assert_allclose(found, expected, atol=1)


def test_without_settings_each_attribute_is_on_alone(run, tmp_path, capsys):
    path = tmp_path / "grid.png"
    flags = ("--vary_labels", f"--output={path}", "--num_images=4")
    assert start(generate, run, *flags) == 0
    assert cells(path, 4).shape[:2] == (1, 4)
    assert "   4  Young" in capsys.readouterr().out


def test_arrays_bear_what_was_told(run, tmp_path):
    path = tmp_path / "drawn.npz"
    flags = ("--attributes=Bald;Young=0.5", "--num_images=3")
    assert start(generate, run, f"--output={path}", *flags) == 0
    expected = [[1, 0, 0], [0, 0, 0.5], [1, 0, 0]]
    with np.load(path) as drawn:
        np.testing.assert_array_equal(drawn["attributes"], expected)
        assert len(np.unique(drawn["z"], axis=0)) == 3


def test_images_are_reconstructed_under_changed_attributes(run, tmp_path):
    path = tmp_path / "rows.png"
    flags = ("--attributes=unchanged;Bald;-Bald", "--num_pairs=16")
    assert start(reconstruct, run, f"--output={path}", *flags) == 0
    found = cells(path, 4).astype("int32")
    # Every image has Bald or has it not: one of both is unchanged.
    apart = [abs(found[:, 1] - found[:, i]).max(axis=(1, 2)) for i in (2, 3)]
    same = [each <= 1 for each in apart]  # Sums may be rounded otherwise.
    assert (same[0] ^ same[1]).all()
    assert 0 < same[0].sum() < 16


@pytest.mark.parametrize(
    ("program", "flags", "message"),
    [
        (generate, ["--attributes=bold"], "close to it: ['Bald']"),
        (generate, [], "--attributes or --vary_labels must be given"),
        (generate, ["--row_attributes=Bald"], "Received: Bald alone"),
        (generate, ["--labels=1"], "--labels must be given for a model of"),
        (generate, ["--labels=1", "--attributes=Bald"], "without --labels"),
        (generate, ["--vary_labels", "--format=npz"], "be drawn as png"),
        (reconstruct, ["--attributes=Hat"], "attributes of the model"),
    ],
)
def test_bad_attributes_are_one_line(program, flags, message, run, capsys):
    status = start(program, run, *flags)
    assert message in programs.error_line(status, capsys.readouterr())


@pytest.mark.parametrize("program", [generate, reconstruct])
def test_a_model_of_no_attributes_takes_none(program, finished, capsys):
    flags = (f"--workdir={finished.path}", "--attributes=Bald")
    line = programs.error_line(
        programs.start(program, *flags), capsys.readouterr()
    )
    assert "--conditional=attributes only. Received: a model of" in line


def test_of_an_older_run_attributes_are_places(data, tmp_path, capsys):
    status, older = start_training(data, tmp_path / "older")
    assert status == 0
    older.attributes.unlink()
    assert start(generate, older, "--attributes=0;-2") == 0
    assert "named by their places, 0 to 2" in capsys.readouterr().out
    older.attributes.write_text('["Bald"]')
    status = start(generate, older, "--attributes=Bald")
    line = programs.error_line(status, capsys.readouterr())
    assert "must name the model's 3 attributes" in line


def test_a_resumed_run_has_the_same_attributes(tmp_path, capsys):
    store(tmp_path / "data")
    status, workdir = start_training(tmp_path / "data", tmp_path / "run")
    assert status == 0
    workdir.attributes.write_text('["Bald", "Hat", "Young"]')
    status, _ = start_training(tmp_path / "data", workdir.path, "--epochs=2")
    line = programs.error_line(status, capsys.readouterr())
    assert "attributes must be the same when a run is resumed" in line


def test_samples_are_measured_by_attribute(run):
    assert start(evaluate, run) == 0
    metrics = json.loads(run.metrics.read_text())
    own = metrics["attribute_classifier_accuracy"]
    assert own.keys() == metrics["sample_attribute_accuracy"].keys() == {*NAMES}
    assert own["Bald"] > 0.9  # It is in the pixels; the others are not.


def test_celeb_a_is_read_with_its_forty_attributes(tmp_path):
    builder = tfds.builder("celeb_a", data_dir=tmp_path / "none")
    names = sorted(builder.info.features["attributes"])
    groups = ("identity", "landmarks")  # TFDS wants them; we do not.
    numbers = {group: [*builder.info.features[group]] for group in groups}
    named = {"name": "celeb_a", "version": str(builder.version)}
    store(tmp_path, names[::-1], (218, 178, 3), numbers, **named)
    config = Config.from_preset(
        "celeba_conditional", "celeb_a", data_dir=str(tmp_path), label_dim=40
    )
    stored = sources.open_dataset("celeb_a", str(tmp_path))
    images, told = splits.load_labelled(stored, "train", config)
    assert images.shape == (32, 64, 64, 3)
    assert told.shape == (32, 40)
    # The attribute of the pixels is the last by name.
    bright = images[:, :20].mean(axis=(1, 2, 3)) > 125
    np.testing.assert_array_equal(told[:, -1] == 1, bright)
