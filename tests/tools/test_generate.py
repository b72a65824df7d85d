"""Samples in any number: the same draws, one batch in memory."""

import weakref

import numpy as np
import pytest

from ali_keras.evaluation import batchwise
from ali_keras.plotting import grids
from ali_keras.writing import images as image_files
from tests import programs
from tests import tiny
from tools import generate
from tools import interpolate
from tools import reconstruct

NUMBER = 2 * batchwise.BATCH_SIZE + 3


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_draws_from_a_number_on_are_the_last_of_all(prior):
    model = tiny.model()
    model.prior = prior
    whole = model.sample_prior(40, seed=5).numpy()
    # Odd rows of three numbers begin within one count of the generator.
    for first in (0, 1, 2, 3, 17, 39):
        rows = model.sample_prior(40 - first, 5, first)
        np.testing.assert_array_equal(rows, whole[first:])


def test_batches_are_what_is_generated_at_once():
    model = tiny.model()
    parts = list(batchwise.generate_batches(model, NUMBER, seed=2))
    assert [len(part["z"]) for part in parts] == [500, 500, 3]
    z = np.concatenate([part["z"] for part in parts])
    np.testing.assert_array_equal(z, model.sample_prior(NUMBER, seed=2))
    np.testing.assert_allclose(
        np.concatenate([part["image"] for part in parts]),
        model.generate(NUMBER, seed=2),
        atol=1e-6,
    )


@pytest.mark.parametrize("form", ["npz", "tfrecord"])
def test_a_writer_keeps_one_batch(tmp_path, form):
    made = []

    def batches():
        for _ in range(6):
            alive = [reference() for reference in made]
            assert sum(array is not None for array in alive) <= 1
            del alive
            image = np.zeros((4, 3, 3, 1), "float32")
            made.append(weakref.ref(image))
            batch = {"image": image, "z": np.zeros((4, 2), "float32")}
            del image
            yield batch
            del batch

    image_files.WRITERS[form](tmp_path / "x", 24, batches())
    assert len(made) == 6


@pytest.mark.parametrize(
    ("program", "flags", "number"),
    [
        (generate, ["--num_images=10001"], "10,001"),
        (generate, ["--num_images=10000000"], "10,000,000"),
        (reconstruct, ["--num_pairs=5001"], "10,002"),
        (interpolate, ["--num_rows=500", "--steps=1000"], "501,000"),
    ],
)
def test_a_grid_of_any_size_is_refused(
    finished, tmp_path, capfd, program, flags, number
):
    path = tmp_path / "x.png"
    status = programs.start(
        program, f"--workdir={finished.path}", f"--output={path}", *flags
    )
    line = programs.error_line(status, capfd.readouterr())
    assert line.endswith(f"at most 10,000 images. Received: {number}")
    assert not path.exists()


def test_a_grid_of_the_largest_size_is_drawn():
    images = np.zeros((grids.MAX_IMAGES, 1, 1, 1), "float32")
    grids.check_number(len(images))
    assert grids.grid(images).shape == (6000, 60, 1)
