"""The table of results/attributes.jsonl: how attributes show in samples."""

from ali_keras import markdown
from tools.documents import records


def attributes():
    """Returns the table of the accuracies by attribute, and their means."""
    [run] = records.read(records.path("attributes"))
    metrics = run["metrics"]
    names = ("sample_attribute_accuracy", "attribute_classifier_accuracy")
    samples, images = (metrics[name] for name in names)
    rows = [[f"`{n}`", f"{samples[n]:.2f}", f"{images[n]:.2f}"] for n in images]
    means = [f"{metrics[f'mean_{name}']:.2f}" for name in names]
    titles = ["attribute", "samples", "held-out images"]
    return markdown.table(titles, [*rows, ["mean", *means]], compact=True)
