"""How a run comes to know the classes or attributes of its data set."""

from ali_keras import files
from ali_keras.config import Config
from ali_keras.data import attributes
from ali_keras.data import sources
from ali_keras.errors import InputError
from ali_keras.networks.condition import ATTRIBUTES
from ali_keras.workdir import run_files


def as_recorded(config, workdir):
    """Takes the number of classes or attributes over from a begun run.

    Args:
        config: `Config`.
        workdir: `Workdir`.

    Returns:
        `Config`: the same, unless its `label_dim` is left to the data set and
        the workdir holds a run with the same `conditional`.
    """
    if not _is_open(config) or not workdir.is_taken():
        return config
    existing = Config.read(workdir.config)
    if existing.conditional != config.conditional:
        return config  # `Workdir.check` says so.
    return config.replace(label_dim=existing.label_dim)


def of_dataset(config, builder):
    """Completes a configuration by what its data set has.

    Args:
        config: `Config`.
        builder: `tfds.core.DatasetBuilder`, or `ImageFolder`.

    Returns:
        `Config`, whose `label_dim` is the number of classes or attributes.

    Raises:
        InputError: if the data set has none, or another number of them, or
            the configuration is an unconditional one with a `label_dim`.
    """
    if config.conditional == "none":
        if config.label_dim is not None:
            raise InputError(
                "label_dim must be given with --conditional only. Received: "
                f"{config.label_dim}"
            )
        return config
    size = _size(config, builder)
    if config.label_dim not in (None, size):
        raise InputError(
            f"label_dim must be what the data set has, {size} "
            f"{_WORDS[config.conditional]}. Received: {config.label_dim}, for "
            f"{config.dataset}"
        )
    return config.replace(label_dim=size)


def write_names(workdir, config, builder):
    """Writes the names of the attributes, or checks that they are as before.

    Args:
        workdir: `Workdir`, claimed.
        config: `Config`. Without attributes nothing is written.
        builder: `tfds.core.DatasetBuilder`, or `ImageFolder`.

    Raises:
        InputError: if a run that is resumed has had others.
    """
    if config.conditional != ATTRIBUTES:
        return
    path, names = workdir.attributes, attributes.names_of(builder)
    if workdir.is_taken() and path.exists():
        if run_files.read_attributes(path) != names:
            raise InputError(
                "The attributes must be the same when a run is resumed; the "
                f"data set has changed. Received: others than in {path}"
            )
        return
    files.write_json(path, names)


_WORDS = {"labels": "classes", "attributes": "attributes"}


def _is_open(config):
    return config.conditional != "none" and config.label_dim is None


def _size(config, builder):
    if config.conditional == ATTRIBUTES:
        return len(attributes.names_of(builder))
    names = sources.label_names(builder)
    if names is None:
        raise InputError(
            "The data set must have labels, a feature 'label' of classes, for "
            f"conditional=labels. Received: {config.dataset}, with "
            f"{sorted(builder.info.features)}"
        )
    return len(names)
