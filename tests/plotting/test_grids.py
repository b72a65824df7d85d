"""Grids of images, pixel by pixel."""

import numpy as np
import pytest
import tensorflow as tf

import ali_keras
from ali_keras.data.preprocessing import to_uint8
from ali_keras.plotting import curves
from ali_keras.plotting import grids

WHITE = 255


def cell(picture, row, column, height=28, width=28):
    """Takes one image back out of a grid, without its scale."""
    step = grids.MARGIN
    small = picture[:: grids.SCALE, :: grids.SCALE]
    top, left = row * (height + step), column * (width + step)
    return small[top : top + height, left : left + width]


@pytest.fixture(scope="module")
def model():
    return ali_keras.build_model(
        ali_keras.Config.from_preset("mnist", precision="float32")
    )


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((6, 28, 28, 1), dtype=np.float32)


def test_grid_is_laid_out_row_by_row_on_white():
    images = np.zeros((3, 1, 2, 1), np.float32)
    images[0], images[1], images[2] = 0.2, 0.4, 0.6
    a, b, c, _ = 51, 102, 153, WHITE
    small = np.array(
        [
            [a, a, _, _, b, b, _, _],
            [_, _, _, _, _, _, _, _],
            [_, _, _, _, _, _, _, _],
            [c, c, _, _, _, _, _, _],
            [_, _, _, _, _, _, _, _],
            [_, _, _, _, _, _, _, _],
        ],
        np.uint8,
    )
    picture = grids.grid(images, num_columns=2)
    expected = small.repeat(2, axis=0).repeat(2, axis=1)[..., None]
    np.testing.assert_array_equal(picture, expected)


def test_grid_keeps_colours():
    images = np.random.default_rng(0).random((2, 3, 4, 3), dtype=np.float32)
    picture = grids.grid(images)
    for column in range(2):
        np.testing.assert_array_equal(
            cell(picture, 0, column, height=3, width=4),
            np.round(images[column] * 255).astype(np.uint8),
        )


def test_reconstructions_stand_to_the_right_of_their_originals(model, images):
    picture = grids.reconstructions(model, images)
    decoded = to_uint8(model.reconstruct(images))
    for index in range(len(images)):
        row, column = divmod(2 * index, grids.NUM_COLUMNS)
        original = cell(picture, row, column)
        np.testing.assert_array_equal(original, to_uint8(images[index]))
        beside = cell(picture, row, column + 1)
        np.testing.assert_array_equal(beside, decoded[index])


def test_interpolations_begin_and_end_with_originals(model, images):
    picture = grids.interpolations(model, images, steps=3)
    assert picture.shape == (3 * 30 * 2, 5 * 30 * 2, 1)
    for row in range(3):
        for column, image in ((0, images[2 * row]), (4, images[2 * row + 1])):
            expected = to_uint8(image)
            np.testing.assert_array_equal(cell(picture, row, column), expected)


def test_interpolations_decode_the_line_in_z(model, images):
    picture = grids.interpolations(model, images[:2], steps=3)
    z = model.encode(images[:2]).numpy()
    for column, weight in ((1, 0.0), (2, 0.5), (3, 1.0)):
        point = (1 - weight) * z[:1] + weight * z[1:]
        expected = to_uint8(model.decode(point)).astype(int)[0]
        found = cell(picture, 0, column).astype(int)
        assert np.abs(found - expected).max() <= 1  # Rounding.


def test_an_odd_image_out_makes_no_row(model, images):
    picture = grids.interpolations(model, images[:5], steps=2)
    assert picture.shape == (2 * 30 * 2, 4 * 30 * 2, 1)


def test_samples_are_the_model_s(model):
    picture = grids.samples(model, 4, seed=7)
    expected = to_uint8(model.generate(4, seed=7))
    for column in range(4):
        np.testing.assert_array_equal(
            cell(picture, 0, column), expected[column]
        )


def test_choose_takes_without_repeats_by_seed():
    images = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1)
    chosen = [grids.choose(images, 20, seed) for seed in (0, 0, 1)]
    assert len(np.unique(chosen[0])) == 20
    assert chosen[0].dtype == np.float32 and chosen[0].max() <= 50 / 255
    np.testing.assert_array_equal(chosen[0], chosen[1])
    assert (chosen[0] != chosen[2]).any()
    assert len(grids.choose(images, 99, 0)) == 50


def test_png_reads_back(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    grids.write_png(tmp_path / "a.png", picture)
    content = (tmp_path / "a.png").read_bytes()
    np.testing.assert_array_equal(tf.io.decode_png(content), picture)


def test_losses_are_plotted(tmp_path):
    history = {
        "discriminator_loss": [1.0, 0.9],
        "generator_loss": [1.5, 1.2],
        "discriminator_accuracy": [0.6, 0.5],
    }
    curves.plot_losses(tmp_path / "losses.png", history)
    image = tf.io.decode_png((tmp_path / "losses.png").read_bytes())
    assert image.shape[:2] == (525, 1200)
    assert len(np.unique(image)) > 10  # Not a blank page.


def test_a_plot_shows_its_figures(tmp_path):
    names = ("discriminator_loss", "generator_loss", "discriminator_accuracy")
    pages = []
    for value in (0.4, 0.8):
        curves.plot_losses(tmp_path / "p.png", {n: [value] * 3 for n in names})
        pages.append((tmp_path / "p.png").read_bytes())
    assert pages[0] != pages[1]
