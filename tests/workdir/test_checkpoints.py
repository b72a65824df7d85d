"""Checkpoints: all that trains, whole or not at all, the newest that is."""

import h5py
import numpy as np
import pytest

from ali_keras import InputError
from ali_keras.errors import NonFiniteError
from ali_keras.workdir.checkpoints import Checkpoints
from tests import programs
from tests import tiny

FIGURES = {"generator_loss": [0.1, 3.0]}


@pytest.fixture(scope="module")
def trained():
    """A model after two steps. Leave all but its step as it is."""
    model = tiny.model(ema_decay=0.2)
    tiny.fit(model, tiny.batches(tiny.images(8), 4), batch_size=None)
    return model


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints")


def save(checkpoints, model, *steps):
    """Saves the model as it would be after each of some steps."""
    for step in steps:
        model.step.assign(step)
        path = checkpoints.save(model, FIGURES | {"step": [step]})
    return path


def restored_step(checkpoints):
    """Restores a new model; returns its step."""
    model = tiny.model(ema_decay=0.2)
    checkpoints.restore(model)
    return int(model.step)


def names(checkpoints):
    return sorted(path.name for path in checkpoints.folder.iterdir())


def test_what_was_saved_is_restored_to_the_bit(checkpoints, trained):
    path = save(checkpoints, trained, 2)
    assert path.name == "step_00000002.weights.h5"
    model = tiny.model(ema_decay=0.2)
    assert len(tiny.changed(tiny.values(model), tiny.values(trained))) > 50
    assert checkpoints.restore(model) == FIGURES | {"step": [2]}
    assert tiny.changed(tiny.values(model), tiny.values(trained)) == set()


def test_keras_reads_them(checkpoints, trained):
    path = save(checkpoints, trained, 2)
    model = tiny.model(ema_decay=0.2)
    model.load_weights(path)
    assert tiny.changed(tiny.values(model), tiny.values(trained)) == set()


def test_without_checkpoints_nothing_is_restored(checkpoints):
    model = tiny.model()
    before = tiny.values(model)
    assert checkpoints.newest() == (0, None)
    assert checkpoints.restore(model) is None
    assert tiny.changed(before, tiny.values(model)) == set()
    assert not checkpoints.folder.exists()


@pytest.mark.parametrize(
    ("num_kept", "steps"), [(1, [10]), (2, [3, 10]), (0, [1, 2, 3, 10])]
)
def test_the_newest_are_kept(tmp_path, trained, num_kept, steps):
    checkpoints = Checkpoints(tmp_path, num_kept)
    save(checkpoints, trained, 1, 2, 3, 10)
    assert names(checkpoints) == [f"step_{s:08d}.weights.h5" for s in steps]
    assert list(checkpoints.paths()) == steps


def test_other_files_are_no_checkpoints(checkpoints, trained):
    save(checkpoints, trained, 9)
    others = (".7.step_00000011.weights.h5", "step_99.txt", "step_x.weights.h5")
    for name in others:
        (checkpoints.folder / name).touch()
    assert restored_step(checkpoints) == 9
    save(checkpoints, trained, 10, 11, 12)
    assert set(others) < set(names(checkpoints))


def test_steps_beyond_eight_digits_are_the_newest(checkpoints, trained):
    save(checkpoints, trained, 99_999_999, 100_000_000)
    assert restored_step(checkpoints) == 100_000_000


def damage(path, how):
    content = bytearray(path.read_bytes())
    size = len(content)
    if isinstance(how, float):
        content = content[: int(how * size)]
    elif how == "garbage":
        content = np.random.default_rng(0).bytes(size)
    else:
        content[how] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "how",
    [0.0, 1e-3, 0.5, 0.9999, "garbage", 0, 100, 100_000, -1, -32, -33],
)
def test_a_damaged_newest_falls_back(checkpoints, trained, capsys, how):
    damage(save(checkpoints, trained, 1, 2), how)
    before = programs.snapshot(checkpoints.folder)
    assert restored_step(checkpoints) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: ")
    assert "step_00000002.weights.h5 is damaged" in line
    assert programs.snapshot(checkpoints.folder) == before


@pytest.mark.slow
def test_no_flipped_bit_is_loaded(checkpoints, trained):
    path = save(checkpoints, trained, 2)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(content), 1000):
        flipped = bytearray(content)
        flipped[place] ^= 1 << rng.integers(8)
        path.write_bytes(flipped)
        with pytest.raises(InputError, match="all 1 are damaged"):
            checkpoints.restore(trained)


def test_all_damaged_is_an_error_of_one_line(checkpoints, trained):
    save(checkpoints, trained, 1, 2)
    for path in checkpoints.paths().values():
        damage(path, 0.5)
    before = programs.snapshot(checkpoints.folder)
    with pytest.raises(InputError, match="all 2 are damaged") as caught:
        restored_step(checkpoints)
    assert str(checkpoints.folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert programs.snapshot(checkpoints.folder) == before


def test_a_damaged_one_takes_no_place_of_a_whole_one(tmp_path, trained):
    checkpoints = Checkpoints(tmp_path, num_kept=1)
    save(checkpoints, trained, 1)
    whole = checkpoints.newest()[1].read_bytes()
    damage(save(checkpoints, trained, 3), 0.5)
    (tmp_path / "step_00000001.weights.h5").write_bytes(whole)
    assert restored_step(checkpoints) == 1
    save(checkpoints, trained, 2)
    assert list(checkpoints.paths()) == [2]
    assert restored_step(checkpoints) == 2


def test_another_model_s_checkpoint_is_named(checkpoints, trained):
    save(checkpoints, trained, 1)
    other = tiny.model(architecture=tiny.PLAIN)
    with pytest.raises(InputError, match="step_00000001") as caught:
        checkpoints.restore(other)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("owner", ["encoder", "decoder_ema", "optimizer"])
def test_what_is_not_finite_is_not_written(checkpoints, owner, value):
    model = tiny.model()
    save(checkpoints, model, 1)
    before = programs.snapshot(checkpoints.folder)
    variable = {
        "encoder": model.encoder.weights[0],
        "decoder_ema": model.decoder_ema.weights[-1],
        "optimizer": model.discriminator_optimizer.variables[-1],
    }[owner]
    bad = variable.numpy()
    bad.flat[-1] = value
    variable.assign(bad)
    model.step.assign(2)
    with pytest.raises(NonFiniteError) as caught:
        checkpoints.save(model)
    assert caught.value.step == 2
    name = variable.path
    if owner == "optimizer":
        name = f"discriminator_optimizer/{name.split('/')[-1]}"
    assert caught.value.terms == [name]
    assert programs.snapshot(checkpoints.folder) == before


def test_a_save_that_fails_leaves_what_there_was(
    checkpoints, trained, monkeypatch
):
    path = save(checkpoints, trained, 1)
    before = programs.snapshot(checkpoints.folder)

    def fail(*args):
        raise RuntimeError("half-way")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(RuntimeError, match="half-way"):
        save(checkpoints, trained, 1)
    with pytest.raises(RuntimeError, match="half-way"):
        save(checkpoints, trained, 2)
    assert programs.snapshot(checkpoints.folder) == before
    assert h5py.is_hdf5(path)


def test_a_folder_that_is_a_file_is_refused(checkpoints, trained):
    checkpoints.folder.write_text("in the way")
    assert checkpoints.restore(trained) is None
    with pytest.raises(InputError, match="can be written"):
        checkpoints.save(trained)
    assert checkpoints.folder.read_text() == "in the way"
