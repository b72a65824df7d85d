"""How many images the other metrics of images are measured on."""

from ali_keras.evaluation.metric import Metric


def measure(needs):
    """Yields the sizes of the gallery and of the queries."""
    yield "num_gallery", len(needs.gallery)
    yield "num_queries", len(needs.queries)


METRIC = Metric(
    measure,
    needs=("images",),
    heading="{num_queries} held-out images, {num_gallery} in the gallery",
)
