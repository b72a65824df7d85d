"""Whether codes know the classes: 1-nearest-neighbour accuracy.

Beside the codes, those of the untrained encoder and the raw pixels.
"""

import numpy as np

from ali_keras.evaluation.metric import Metric
from ali_keras.evaluation.neighbours import find_nearest
from ali_keras.progress import silent


def nearest_neighbour_accuracy(
    gallery, gallery_labels, queries, labels, progress=silent
):
    """Share of queries whose Euclidean nearest neighbour bears their label."""
    found = gallery_labels[find_nearest(gallery, queries, progress)]
    return float(np.mean(found == labels))


def measure(needs):
    """Yields a dictionary of accuracies, by what is compared."""
    pairs = {}
    for name in ("z_mean", "features"):
        pairs[name] = (needs.gallery_codes[name], needs.query_codes[name])
        pairs[f"{name}_untrained"] = (
            needs.untrained_gallery_codes[name],
            needs.untrained_query_codes[name],
        )
    pairs["pixels"] = (needs.gallery, needs.queries)
    yield (
        "nearest_neighbour_accuracy",
        {
            name: nearest_neighbour_accuracy(
                gallery,
                needs.gallery_labels,
                queries,
                needs.labels,
                needs.progress,
            )
            for name, (gallery, queries) in pairs.items()
        },
    )


_UNTRAINED = "  of the same encoder untrained"
METRIC = Metric(
    measure,
    needs=("images", "labels", "codes_of_images_alone", "untrained_codes"),
    titles={
        f"nearest_neighbour_accuracy.{name}": title
        for name, title in (
            ("z_mean", "1-NN accuracy of z_mean"),
            ("z_mean_untrained", _UNTRAINED),
            ("features", "1-NN accuracy of the layer before z"),
            ("features_untrained", _UNTRAINED),
            ("pixels", "1-NN accuracy of raw pixels"),
        )
    },
)
