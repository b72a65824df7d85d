"""The command-line programs on a finished run."""

import json
import re
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf

from ali_keras import Config
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.preprocessing import to_uint8
from ali_keras.model.build import build_model
from ali_keras.training.description import num_trainable
from ali_keras.workdir.workdir import Workdir
from tests import programs
from tools import encode
from tools import evaluate
from tools import generate
from tools import interpolate
from tools import reconstruct
from tools import train

DRAWING = [generate, reconstruct, interpolate]


@pytest.fixture
def call(finished):
    """Calls a tool on the finished run, and expects it to succeed."""

    def call(tool, *arguments):
        status = programs.start(tool, f"--workdir={finished.path}", *arguments)
        assert status == 0

    return call


@pytest.fixture(scope="module")
def model(finished):
    return finished.load()[0]


@pytest.fixture(scope="module")
def held_out(data_dir):
    builder = sources.open_dataset("mnist_5k", data_dir)
    images, labels = splits.load_arrays(builder, "test", 28, 1)
    return images.astype("float32") / 255, labels


def parse(path, **shapes):
    """Reads a TFRecord file of floats of these shapes."""
    features = {
        name: tf.io.FixedLenFeature(shape, tf.float32)
        for name, shape in shapes.items()
    }
    records = tf.data.TFRecordDataset(str(path))
    parsed = [tf.io.parse_single_example(r, features) for r in records]
    return {name: np.stack([x[name] for x in parsed]) for name in shapes}


@pytest.mark.parametrize("tool", DRAWING, ids=lambda tool: tool.__name__)
def test_a_seed_fixes_the_bytes(call, tool, tmp_path):
    paths = [tmp_path / f"{index}.png" for index in range(3)]
    for path, seed in zip(paths, (5, 5, 6), strict=True):
        call(tool, f"--output={path}", f"--seed={seed}")
    first, second, third = (path.read_bytes() for path in paths)
    assert first == second != third


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tool", "flag", "rows", "columns"),
    [
        (generate, "--num_images=13", 2, 10),
        (reconstruct, "--num_pairs=7", 2, 10),
        (interpolate, "--num_rows=3", 3, 10),
        (interpolate, "--steps=4", 10, 6),
    ],
)
def test_pictures_grow_with_their_flags(
    call, tmp_path, tool, flag, rows, columns
):
    call(tool, f"--output={tmp_path / 'x.png'}", flag)
    picture = tf.io.decode_png((tmp_path / "x.png").read_bytes())
    assert picture.shape == (rows * 30 * 2, columns * 30 * 2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["npz", "tfrecord"])
def test_generated_data_sets_are_fixed_by_their_seed(call, tmp_path, form):
    contents = []
    for index, seed in enumerate((5, 5, 6)):
        path = tmp_path / f"{index}.{form}"
        flags = (f"--format={form}", "--num_images=4", f"--seed={seed}")
        call(generate, f"--output={path}", *flags)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_generated_arrays_are_the_model_s(call, tmp_path, model):
    path = tmp_path / "x.npz"
    call(
        generate,
        f"--output={path}",
        "--format=npz",
        "--num_images=9",
        "--seed=2",
    )
    with np.load(path) as arrays:
        np.testing.assert_array_equal(arrays["z"], model.sample_prior(9, 2))
        expected = to_uint8(model.generate(9, seed=2)).astype(int)
        difference = np.abs(arrays["image"].astype(int) - expected)
    assert difference.max() <= 1  # Rounding; the batches differ.


def test_generated_examples_are_images_with_their_z(call, tmp_path, model):
    path = tmp_path / "x.tfrecord"
    call(generate, f"--output={path}", "--format=tfrecord", "--num_images=9")
    z = parse(path, z=(model.latent_dim,))["z"]
    np.testing.assert_array_equal(z, model.sample_prior(9, 0))
    (first,) = tf.data.TFRecordDataset(str(path)).take(1)
    example = tf.train.Example.FromString(first.numpy())
    (png,) = example.features.feature["image"].bytes_list.value
    image = tf.io.decode_png(png).numpy().astype(int)
    expected = to_uint8(model.generate(9)[0]).astype(int)
    assert np.abs(image - expected).max() <= 1


def test_the_held_out_split_is_encoded_in_order(
    call, tmp_path, model, held_out
):
    call(encode, f"--output={tmp_path / 'x.npz'}")
    images, labels = held_out
    with np.load(tmp_path / "x.npz") as codes:
        names = {"z_mean", "z_log_sigma", "z", "features", "label"}
        assert set(codes) == names
        epsilon = (codes["z"] - codes["z_mean"]) / np.exp(codes["z_log_sigma"])
        assert epsilon.mean() == pytest.approx(0.0, abs=0.02)
        assert epsilon.std() == pytest.approx(1.0, abs=0.02)
        np.testing.assert_array_equal(codes["label"], labels)
        np.testing.assert_allclose(
            codes["z_mean"], model.encode(images), atol=1e-5
        )
        np.testing.assert_allclose(
            codes["features"], model.features(images), atol=1e-5
        )
        assert codes["z_log_sigma"].shape == (1000, model.latent_dim)


def test_a_slice_is_encoded(call, tmp_path, model, held_out):
    call(encode, f"--output={tmp_path / 'x.npz'}", "--split=test[:37]")
    with np.load(tmp_path / "x.npz") as codes:
        expected = model.encode(held_out[0][:37])
        np.testing.assert_allclose(codes["z_mean"], expected, atol=1e-5)


def test_encoded_examples_are_the_model_s(call, tmp_path, model, held_out):
    path = tmp_path / "x.tfrecord"
    call(encode, f"--output={path}", "--format=tfrecord", "--split=test[10:14]")
    images = held_out[0][10:14]
    features = model.features(images)
    codes = parse(path, z_mean=(model.latent_dim,), features=features.shape[1:])
    np.testing.assert_allclose(codes["z_mean"], model.encode(images), atol=1e-5)
    np.testing.assert_allclose(codes["features"], features, atol=1e-5)


def test_another_data_set_is_encoded(call, tmp_path, model):
    programs.store_dataset(
        tmp_path, "wide", {"train": 6}, shape=(20, 30, 3), label=False
    )
    flags = ("--dataset=wide", f"--data_dir={tmp_path}", "--split=train")
    call(encode, f"--output={tmp_path / 'x.npz'}", *flags)
    with np.load(tmp_path / "x.npz") as codes:
        assert "label" not in codes
        assert codes["z_mean"].shape == (6, model.latent_dim)


def test_outputs_lie_in_the_workdir_unless_told(finished, tmp_path):
    shutil.copytree(finished.path, tmp_path / "run")
    before = set(programs.snapshot(tmp_path / "run"))
    for tool, flag in (
        (generate, "--num_images=2"),
        (encode, "--split=test[:2]"),
    ):
        assert programs.start(tool, f"--workdir={tmp_path}/run", flag) == 0
    after = set(programs.snapshot(tmp_path / "run"))
    assert after - before == {"generated.png", "encoded.npz"}


@pytest.mark.slow
def test_evaluate_writes_figures_beside_their_baselines(
    finished, tmp_path, capsys
):
    shutil.copytree(finished.path, tmp_path / "run")
    assert programs.start(evaluate, f"--workdir={tmp_path}/run") == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    accuracy = metrics["nearest_neighbour_accuracy"]
    assert {"pixels", "z_mean_untrained", "features_untrained"} < set(accuracy)
    printed = capsys.readouterr().out
    for value in (*accuracy.values(), metrics["reconstruction_agreement"]):
        assert f"{value:.4f}" in printed
    neighbours = (tmp_path / "run" / "neighbours.png").read_bytes()
    assert tf.io.decode_png(neighbours).shape == (10 * 60, 10 * 60, 1)
    for name in ("metrics.json", "neighbours.png", "model.keras"):
        assert name in printed.split(f"In {tmp_path}/run:")[1]


@pytest.mark.slow
def test_other_images_may_be_held_out(finished, tmp_path, capsys):
    before = programs.snapshot(finished.path)
    path = tmp_path / "validation.json"
    flags = (f"--workdir={finished.path}", f"--output={path}")
    assert programs.start(evaluate, *flags, "--split=test[:100]") == 0
    metrics = json.loads(path.read_text())
    assert metrics["num_queries"] == 100
    assert f"Wrote {path}." in capsys.readouterr().out
    assert programs.snapshot(finished.path) == before


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--split=test[:9]",), "--output must be given with --split"),
        (("--split=train[:9]", "--output=x.json"), "that was trained on"),
        (("--split=nope", "--output=x.json"), "split must be one of"),
    ],
)
def test_wrong_held_out_images_are_refused(finished, capsys, flags, words):
    before = programs.snapshot(finished.path)
    assert programs.start(evaluate, f"--workdir={finished.path}", *flags) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert words in line
    assert programs.snapshot(finished.path) == before


def test_dry_run_prints_the_configuration_and_counts(tmp_path, capsys):
    flags = ("--dataset=mnist_5k", "--latent_dim=9", "--seed=3", "--dry_run")
    status = programs.start(train, *flags, f"--workdir={tmp_path / 'run'}")
    assert status == 0
    printed = capsys.readouterr().out
    values, _ = json.JSONDecoder().raw_decode(printed)
    config = Config.from_preset("mnist", "mnist_5k", latent_dim=9, seed=3)
    assert Config.from_values(**values) == config
    model = build_model(config)
    for name in ("encoder", "decoder", "discriminator"):
        count = num_trainable(getattr(model, name))
        assert re.search(rf"^  {name} +{count:,}$", printed, re.MULTILINE)
        assert f'Model: "{name}"' in printed
    assert not (tmp_path / "run").exists()


def test_train_says_what_it_does_to_images(tmp_path, capsys):
    programs.store_dataset(
        tmp_path, "wide", {"train": 4, "test": 4}, shape=(20, 30, 3)
    )
    flags = ("--dataset=wide", f"--data_dir={tmp_path}", "--batch_size=9")
    programs.start(train, *flags, f"--workdir={tmp_path / 'run'}")
    assert (
        "Images are center-cropped to a square, resized to 28x28, made grey."
    ) in capsys.readouterr().out


@pytest.mark.slow
def test_train_and_generate_run_as_programs(data_dir, tmp_path):
    workdir = Workdir(tmp_path / "run")
    flags = (*programs.SMALL, "--epochs=1", f"--data_dir={data_dir}")
    target = f"--workdir={workdir.path}"
    status, output, errors = programs.run(
        sys.executable, "-m", "tools.train", *flags, target
    )
    assert status == 0, errors
    assert "Training on 4000 images of mnist_5k" in output
    assert str(workdir.path) in output
    record = json.loads(workdir.training.read_text())
    assert record["command"].endswith(target)
    status, output, errors = programs.run(
        sys.executable, "-m", "tools.generate", target
    )
    assert status == 0, errors
    assert (workdir.path / "generated.png").exists()
    assert "Traceback" not in errors
