"""Nearest neighbours: of pixels exact, whatever the order of the sums."""

import numpy as np
import pytest

from ali_keras.evaluation import neighbours


def nearest_by_integers(gallery, queries):
    """All distances as 64-bit integers; of the nearest the first."""
    rows, others = (
        array.reshape(len(array), -1).astype("int64")
        for array in (queries, gallery)
    )
    distances = ((rows[:, None] - others[None]) ** 2).sum(axis=-1)
    return distances, distances.argmin(axis=1)


@pytest.mark.parametrize("values", ([0, 255], [0, 1, 127, 128, 254, 255]))
def test_distances_of_pixels_are_exact(values, monkeypatch):
    # More pixels than float32 can sum the products of, in parts and pieces.
    rng = np.random.default_rng(0)
    gallery, queries = (
        rng.choice(np.array(values, "uint8"), (number, 16, 46, 3))
        for number in (40, 30)
    )
    gallery[7] = gallery[3]
    queries[0], queries[1] = gallery[7], 255 - gallery[5]
    monkeypatch.setattr(neighbours, "PART_SIZE", 16)
    monkeypatch.setattr(neighbours, "NUM_PIXEL_QUERIES", 8)
    distances, expected = nearest_by_integers(gallery, queries)
    found = neighbours.find_nearest(gallery, queries)
    np.testing.assert_array_equal(found, expected)
    assert found[0] == 3
    smallest, _ = neighbours._search_pixels(gallery, queries)
    np.testing.assert_array_equal(smallest, distances.min(axis=1))


def test_pixels_and_their_floats_have_the_same_neighbours():
    rng = np.random.default_rng(1)
    gallery, queries = (
        rng.integers(0, 256, (number, 4, 4, 1), "uint8") for number in (300, 90)
    )
    expected = neighbours.find_nearest(gallery / 255, queries / 255)
    for one, other in (
        (gallery, queries),
        (gallery, queries.astype("float32") / 255),
    ):
        found = neighbours.find_nearest(one, other)
        np.testing.assert_array_equal(found, expected)


def test_progress_is_of_the_parts_of_the_gallery(monkeypatch):
    monkeypatch.setattr(neighbours, "PART_SIZE", 4)
    seen = []

    def progress(items, total, title):
        seen.append((total, title))
        return items

    points = np.arange(10.0)[:, None]
    found = neighbours.find_nearest(points, points[:3], progress)
    np.testing.assert_array_equal(found, [0, 1, 2])
    assert seen == [(3, "Comparing 3 images with 10")]
