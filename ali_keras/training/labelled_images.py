"""Which images of a run are labelled, and the file that says it."""

import numpy as np
import tensorflow_datasets as tfds

from ali_keras import files
from ali_keras.data import labelled
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.image_folder import ImageFolder
from ali_keras.errors import InputError
from ali_keras.evaluation.few_labels import labelled_files

_KNOW_MORE = "see docs/semi_supervised.md"


def check(config, num_replicas=1):
    """Checks the settings of the classes against each other.

    Args:
        config: `Config`.
        num_replicas: Integer.

    Raises:
        InputError: if they do not go together.
    """
    classes = config.discriminator_classes
    for name in ("num_labels", "labelled_images", "labelled_batch_size"):
        value = getattr(config, name)
        if value is not None and not classes:
            raise InputError(
                f"{name} must go with discriminator_classes, the number of "
                f"classes; {_KNOW_MORE}. Received: {name}={value}, "
                "discriminator_classes=0"
            )
    if classes == 1:
        raise InputError(
            "discriminator_classes must be 0 or at least 2. Received: 1"
        )
    if classes and config.conditional != "none":
        raise InputError(
            "conditional must be none with discriminator_classes: networks "
            "that are told the class leave nothing to tell. Received: "
            f"conditional={config.conditional}, "
            f"discriminator_classes={classes}"
        )
    if classes and config.balanced_classes:
        raise InputError(
            "balanced_classes must be false with discriminator_classes, which "
            "see some labels only; balanced batches need all. Received: "
            f"balanced_classes=True, discriminator_classes={classes}"
        )
    if classes and not config.joint:
        raise InputError(
            "joint must be true with discriminator_classes, which are told "
            f"from image and z. Received: joint=False, "
            f"discriminator_classes={classes}"
        )
    if classes and batch_size(config) % num_replicas:
        raise InputError(
            "labelled_batch_size must be divisible by the number of replicas, "
            f"{num_replicas}. Received: {batch_size(config)}"
        )


def batch_size(config):
    """Returns the number of labelled images of a step."""
    return config.labelled_batch_size or config.batch_size


def choose(config, builder, labels):
    """Chooses the labelled images of a run.

    Args:
        config: `Config`.
        builder: Builder of the data set.
        labels: Integer array of the labels of the training split, or `None`.

    Returns:
        `LabelledSubset`; `None` if the discriminator tells no classes.

    Raises:
        InputError: if the data set has no labels, other classes, or too few
            labels.
    """
    classes = config.discriminator_classes
    if not classes:
        return None
    names = sources.label_names(builder)
    if names is None or labels is None:
        raise InputError(
            "The data set must have labels for discriminator_classes. "
            f"Received: {config.dataset}, without labels"
        )
    if len(names) != classes:
        raise InputError(
            "discriminator_classes must be the number of the data set's "
            f"classes, {len(names)}. Received: {classes}, for {config.dataset}"
        )
    if config.labelled_images:
        return _read(config, builder, labels)
    return labelled.choose(labels, config.num_labels, classes, config.seed)


def _read(config, builder, labels):
    """Returns the `LabelledSubset` that the files of a run name."""
    images = [
        image
        for path in config.labelled_images.split(",")
        for image in labelled_files.read(path)
    ]
    split, _ = splits.split_names(builder, config.train_split)
    candidates = {"label": labels}
    if isinstance(builder, ImageFolder):
        candidates["file"] = _files(builder, split)
    classes = sources.label_names(builder)
    chosen, found = labelled_files.resolve(images, candidates, classes, split)
    indices = np.flatnonzero(chosen)
    without = [int(index) for index in indices if not found[index]]
    if without or not len(indices):
        raise InputError(
            "labelled_images must name images, each with a label. Received: "
            f"{config.labelled_images}, with {len(indices)} images, of which "
            f"{len(without)} without: {without[:5]}"
        )
    return labelled.LabelledSubset(
        indices, np.array([classes.index(found[index]) for index in indices])
    )


def describe(config, builder, subset):
    """Describes the labelled images, as `json` can write it.

    Args:
        config: `Config`.
        builder: Builder of the data set.
        subset: `LabelledSubset`.

    Returns:
        Dictionary: `split`; `indices` in its stored order; `labels`;
        `label_names`; of a folder `files`, the paths below it.
    """
    split, _ = splits.split_names(builder, config.train_split)
    described = {
        "split": split,
        "indices": subset.indices.tolist(),
        "labels": subset.labels.tolist(),
        "label_names": sources.label_names(builder),
    }
    if isinstance(builder, ImageFolder):
        names = _files(builder, split)
        described["files"] = [
            names[index].decode(errors="replace") for index in subset.indices
        ]
    return described


def _files(builder, split):
    skip = {"image": tfds.decode.SkipDecoding()}
    examples = builder.as_dataset(split, decoders=skip)
    return [example["file"] for example in tfds.as_numpy(examples)]


def write(workdir, config, builder, subset):
    """Writes which images are labelled, or checks that it is as before.

    Args:
        workdir: `Workdir`, claimed.
        config: As for `describe`.
        builder: As for `describe`.
        subset: As for `describe`.

    Raises:
        InputError: if a run that is resumed has had other labelled images.
    """
    path = workdir.labelled_images
    described = describe(config, builder, subset)
    if workdir.is_taken() and path.exists():
        if files.read_json(path) != described:
            raise InputError(
                "The labelled images must be the same when a run is resumed; "
                "the data set has changed. Received: others than in "
                f"{path}"
            )
        return
    files.write_json(path, described)
