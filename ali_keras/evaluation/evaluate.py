"""Measures a model: every metric whose needs the data meet."""

from ali_keras.evaluation.metrics import METRICS
from ali_keras.evaluation.needs import Needs
from ali_keras.progress import silent


def evaluate(
    model,
    config,
    train,
    held_out,
    num_samples=1000,
    progress=silent,
    attribute_names=None,
):
    """Computes all metrics of a trained model.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        train: Tuple of uint8 images and integer labels (or `None`): the
            gallery of the nearest neighbours, the classifiers' training data.
        held_out: Tuple likewise: the queries.
        num_samples: Integer. Images drawn from the prior, with seed 0.
        progress: Function as `progress.silent`: shows what is being done.
        attribute_names: List of strings, of a model of attributes. Defaults
            to their places.

    Returns:
        Dictionary of the results of all `METRICS` whose needs are met.
        Without labels, the reconstruction error and the numbers of images.
        Of a mixture of Gaussians, those of `mixture_modes` instead, from
        `needs.NUM_MIXTURE_SAMPLES` samples.

    Raises:
        ValueError: if two metrics have a result of the same name.
    """
    needs = Needs(
        model, config, train, held_out, num_samples, progress, attribute_names
    )
    results = {}
    for metric, values in measure_each(needs):
        taken = sorted(results.keys() & values.keys())
        if taken:
            raise ValueError(
                "Results must have names of their own. Received: a second "
                f"{taken}, from {metric}"
            )
        results.update(values)
    return results


def measure_each(needs, metrics=None):
    """Measures one metric after the other, as they are asked for.

    Args:
        needs: `Needs`.
        metrics: Dictionary of `Metric`s by name. Defaults to `METRICS`.

    Yields:
        Tuple of a metric's name and the dictionary of its results. Metrics
        whose needs are not met are left out.
    """
    for name, metric in (METRICS if metrics is None else metrics).items():
        if all(needs.has(need) for need in metric.needs):
            yield name, dict(metric.measure(needs))
