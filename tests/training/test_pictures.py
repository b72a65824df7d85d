"""Pictures that appear while a run trains."""

import json

import pytest
import tensorflow as tf

from ali_keras.workdir.workdir import Workdir
from tests import programs

EPOCHS = 3


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    programs.store_tiny(folder)
    return f"--data_dir={folder}", f"--epochs={EPOCHS}"


@pytest.fixture(scope="module")
def every(tmp_path_factory, flags):
    """Function of the epochs between pictures, to the run's `Workdir`."""

    def train(number):
        path = tmp_path_factory.mktemp("every") / "run"
        more = f"--picture_every_epochs={number}"
        status, workdir = programs.train_tiny(path, *flags, more)
        assert status == 0
        return workdir

    return train


@pytest.fixture(scope="module")
def drawn(every):
    """`Workdir` of a run that drew at each epoch. Leave it as it is."""
    return every(1)


def names(workdir):
    return {path.name for path in workdir.pictures.glob("*")}


def logged(workdir):
    """Pairs of tag and step of all pictures in TensorBoard's files."""
    found = []
    for path in sorted((workdir.path / "logs" / "pictures").iterdir()):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found.append((value.tag, event.step))
    return sorted(found)


def test_pictures_come_at_each_epoch_asked_for(drawn):
    assert names(drawn) == {
        f"{name}_epoch_{number:04d}.png"
        for name in ("samples", "reconstructions")
        for number in range(1, EPOCHS + 1)
    }
    assert logged(drawn) == [
        (name, epoch)
        for name in ("reconstructions", "samples")
        for epoch in range(EPOCHS)
    ]


def test_pictures_are_of_their_epoch(drawn):
    for name in ("samples", "reconstructions"):
        last, first = (
            (drawn.pictures / f"{name}_epoch_{n:04d}.png").read_bytes()
            for n in (EPOCHS, 1)
        )
        assert last == (drawn.path / f"{name}.png").read_bytes() != first


def test_without_them_the_run_ends_with_the_same_bytes(drawn, every):
    without = every(0)
    assert not without.pictures.exists()
    assert not (without.path / "logs" / "pictures").exists()
    assert programs.differences(without, drawn) == []


@pytest.mark.exhaustive
def test_a_run_that_goes_on_repeats_and_loses_none(drawn, flags, tmp_path):
    path = tmp_path / "run"
    for epochs in (1, 2, EPOCHS):
        status, workdir = programs.train_tiny(
            path, *flags, f"--epochs={epochs}", "--picture_every_epochs=1"
        )
        assert status == 0
    assert names(workdir) == names(drawn)
    assert logged(workdir) == logged(drawn)
    for name in names(drawn):
        expected = (drawn.pictures / name).read_bytes()
        assert (workdir.pictures / name).read_bytes() == expected


def test_a_run_says_what_figures_mean_and_what_comes_next(
    flags, tmp_path, capsys
):
    path = tmp_path / "a run"
    status, _ = programs.train_tiny(path, *flags, "--epochs=1")
    assert status == 0
    said = capsys.readouterr().out
    assert "near 1.0 is usual at the start" in said
    start, _, end = said.partition("Figures of epoch 1:")
    assert "usual at the start" in start
    history = json.loads(Workdir(path).history.read_text())
    for name in set(history) - {"seconds"}:
        assert f"  {name}" in end
    assert "8 held-out reconstructions: 0." in end
    assert f"In {path}:" in end and "  model.keras" in end
    for name in ("tools.evaluate", "tools.generate", "export.saved_model"):
        assert f"  python -m {name} --workdir='{path}'" in end
