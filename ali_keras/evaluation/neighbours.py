"""Nearest neighbours: by the Euclidean distance of pixels or of codes."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from ali_keras.data.preprocessing import to_float
from ali_keras.evaluation import batchwise

# Rows that are compared at once. A multiple of 256, the rows of scikit-learn's
# own pieces: so a distance is rounded alike, however long an array is.
PART_SIZE = 40 * 256


def find_nearest(gallery, queries):
    """Finds the nearest neighbour of each query.

    Args:
        gallery: Array `(num_examples, ...)`: uint8 pixels, or floats. Nothing
            is scaled but the pixels, to [0, 1].
        queries: Array likewise.

    Returns:
        Array `(num_queries,)` of places in the gallery; of neighbours equally
        near the first.
    """
    nearest = np.zeros(len(queries), "int64")
    smallest = np.full(len(queries), np.inf)
    offset = 0
    for part in batchwise.batches(gallery, PART_SIZE):
        distances, places = _search(part, queries)
        is_nearer = distances < smallest
        smallest[is_nearer] = distances[is_nearer]
        nearest[is_nearer] = offset + places[is_nearer]
        offset += len(part)
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


def nearest_neighbours(gallery, queries):
    """Returns the image of the gallery nearest to each query, as floats."""
    return to_float(gallery[find_nearest(gallery, queries)])
