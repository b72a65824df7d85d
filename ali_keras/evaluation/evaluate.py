"""Measures a model: every metric whose needs the data meet."""

from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.evaluation.batchwise import BATCH_SIZE
from ali_keras.evaluation.batchwise import generate
from ali_keras.evaluation.batchwise import reconstruct
from ali_keras.evaluation.classifiers import accuracy
from ali_keras.evaluation.classifiers import fit_label_classifier
from ali_keras.evaluation.metrics import METRICS
from ali_keras.evaluation.metrics.nearest_neighbour_accuracy import (
    nearest_neighbour_accuracy,
)
from ali_keras.evaluation.needs import Needs
from ali_keras.evaluation.neighbours import nearest_neighbours

# What programs take from here, some of it from the modules beside.
__all__ = [
    "BATCH_SIZE",
    "accuracy",
    "evaluate",
    "fit_label_classifier",
    "generate",
    "load_held_out",
    "load_splits",
    "measure_each",
    "nearest_neighbour_accuracy",
    "nearest_neighbours",
    "reconstruct",
]


def evaluate(model, config, train, held_out, num_samples=1000):
    """Computes all metrics of a trained model.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        train: Tuple of uint8 images and integer labels (or `None`): the
            gallery of the nearest neighbours, the classifiers' training data.
        held_out: Tuple likewise: the queries.
        num_samples: Integer. Images drawn from the prior, with seed 0.

    Returns:
        Dictionary of the results of all `METRICS` whose needs are met.
        Without labels, the reconstruction error and the numbers of images.
        Of a mixture of Gaussians, those of `mixture_modes` instead, from
        `needs.NUM_MIXTURE_SAMPLES` samples.

    Raises:
        ValueError: if two metrics have a result of the same name.
    """
    needs = Needs(model, config, train, held_out, num_samples)
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


def load_splits(config, data_dir=None):
    """Loads the training and the held-out split of a run's data set.

    Args:
        config: `Config`.
        data_dir: Folder of prepared data, if not the configuration's.

    Returns:
        Two tuples of images, as `splits.load_arrays` has them, and labels (or
        `None`).

    Raises:
        InputError: if the data set cannot be found.
    """
    return tuple(_load(config, data_dir, slice(None)))


def load_held_out(config, data_dir=None):
    """Loads the held-out split alone. See `load_splits`."""
    [held_out] = _load(config, data_dir, slice(1, None))
    return held_out


def _load(config, data_dir, which):
    builder = sources.open_again(config, data_dir)
    size, _, channels = config.image_shape
    return [
        splits.load_arrays(builder, split, size, channels)
        for split in splits.split_names(builder, config.train_split)[which]
    ]
