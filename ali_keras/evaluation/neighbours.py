"""Nearest neighbours: by the Euclidean distance of pixels or of codes."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from ali_keras.data.preprocessing import to_float
from ali_keras.evaluation import batchwise
from ali_keras.progress import silent

# Rows that are compared at once. A multiple of 256, the rows of scikit-learn's
# own pieces: so a distance is rounded alike, however long an array is.
PART_SIZE = 40 * 256
NUM_PIXEL_QUERIES = 512  # Compared at once with a part, in half a gigabyte.
# Pixels less 128 are integers of up to 2^7. Sums of 2^10 products of two of
# them are integers of up to 2^24, which float32 holds exactly.
NUM_EXACT_COLUMNS = 1024


def find_nearest(gallery, queries, progress=silent):
    """Finds the nearest neighbour of each query.

    Args:
        gallery: Array `(num_examples, ...)`: uint8 pixels, or floats. Nothing
            is scaled but the pixels, to [0, 1].
        queries: Array likewise. If both are pixels, distances are exact.
        progress: Function as `progress.silent`.

    Returns:
        Array `(num_queries,)` of places in the gallery; of neighbours equally
        near the first.
    """
    nearest = np.zeros(len(queries), "int64")
    smallest = np.full(len(queries), np.inf)
    title = f"Comparing {len(queries):,} images with {len(gallery):,}"
    offsets = range(0, len(gallery), PART_SIZE)
    search = _search_pixels if _are_pixels(gallery, queries) else _search
    for offset in progress(offsets, len(offsets), title):
        part = gallery[offset : offset + PART_SIZE]
        distances, places = search(part, queries)
        is_nearer = distances < smallest
        smallest[is_nearer] = distances[is_nearer]
        nearest[is_nearer] = offset + places[is_nearer]
    return nearest


def _search(gallery, queries):
    # Squared distances, as scikit-learn compares them: roots round once more.
    index = NearestNeighbors(
        n_neighbors=1, algorithm="brute", metric="sqeuclidean"
    ).fit(batchwise.as_rows(gallery))
    found = [
        index.kneighbors(batchwise.as_rows(batch))
        for batch in batchwise.batches(queries, PART_SIZE)
    ]
    distances, places = map(np.concatenate, zip(*found, strict=True))
    return distances[:, 0], places[:, 0]


def _are_pixels(*arrays):
    return all(array.dtype == "uint8" for array in arrays)


def _search_pixels(gallery, queries):
    """Does what `_search` does, in half the time and without rounding."""
    gallery = _centred_rows(gallery)
    norms = _squared_norms(gallery)
    distances = np.empty(len(queries))
    places = np.empty(len(queries), "int64")
    for start in range(0, len(queries), NUM_PIXEL_QUERIES):
        rows = _centred_rows(queries[start : start + NUM_PIXEL_QUERIES])
        found = norms - 2 * _products(rows, gallery)
        stop = start + len(rows)
        places[start:stop] = found.argmin(axis=1)
        distances[start:stop] = found.min(axis=1) + _squared_norms(rows)
    return distances, places


def _centred_rows(pixels):
    return pixels.reshape(len(pixels), -1).astype("float32") - 128


def _squared_norms(rows):
    return np.einsum("ij,ij->i", rows, rows, dtype="float64")


def _products(rows, others):
    """Products of all rows with all others: exact, as float64."""
    products = np.zeros((len(rows), len(others)))
    for start in range(0, rows.shape[1], NUM_EXACT_COLUMNS):
        columns = slice(start, start + NUM_EXACT_COLUMNS)
        products += rows[:, columns] @ others[:, columns].T
    return products


def nearest_neighbours(gallery, queries):
    """Returns the image of the gallery nearest to each query, as floats."""
    return to_float(gallery[find_nearest(gallery, queries)])
