"""Whether config.json and model.keras of a workdir are of one run.

What the model does not know, such as the data set and the learning rates, is
not compared.
"""

import keras

from ali_keras.errors import InputError
from ali_keras.errors import command
from ali_keras.model.ali import ALI
from ali_keras.model.build import networks_of
from ali_keras.objectives.objective import Objective
from ali_keras.settings import settings_of

NETWORKS = ("encoder", "decoder", "discriminator", "cycle_discriminator")
# The settings that decide of the networks' layers, beside their sizes.
OF_LAYERS = (
    "architecture",
    "min_sigma",
    "discriminator_normalization",
    "label_embedding_dim",
)
# Layers number their names themselves. Initial values are no part of a
# trained network, and `dtype` is compared as the precision.
LEFT_OUT = ("name", "dtype", "seed", "shared_object_id")


def check(model, config, path):
    """Checks that a configuration describes a model.

    Args:
        model: What `keras.models.load_model` returned.
        config: `Config`.
        path: Path of the model's file.

    Raises:
        InputError: if the model is no `ALI`, or a setting differs; the message
            names the setting.
    """
    if not isinstance(model, ALI):
        raise InputError(
            "model.keras must be an ALI model, as "
            f"{command('tools.train')} writes it. "
            f"Received: {path}, a {type(model).__name__}"
        )
    for name, value in _settings_of(model).items():
        if value != getattr(config, name):
            _refuse(path, f"{name}={getattr(config, name)}", f"{name}={value}")
    for network in _others(model, config):
        words = ", ".join(f"{n}={getattr(config, n)}" for n in OF_LAYERS)
        _refuse(path, words, f"another {network.replace('_', ' ')}")


def _refuse(path, configured, found):
    raise InputError(
        "config.json must be that of the model beside it, as "
        f"{command('tools.train')} wrote both. "
        f"Received: {path.parent}, where config.json has {configured}, "
        f"and {path.name} has {found}"
    )


def _settings_of(model):
    """Returns the settings that a model knows, by name."""
    objective = model.objective if model.compiled else None
    names = [each.name for each in settings_of(Objective)] if objective else []
    condition = model.condition
    return {
        "channels": model.input_shape[-1],
        "latent_dim": model.latent_dim,
        "conditional": condition.kind if condition else "none",
        **({"label_dim": condition.size} if condition else {}),
        "discriminator_classes": model.discriminator_classes,
        "prior": model.prior,
        "seed": model.seed,
        "ema_decay": model.ema_decay,
        "precision": _precision(model.discriminator),
        **{name: getattr(objective, name) for name in names},
    }


def _precision(network):
    # Inputs and outputs are in full precision, whatever the others are.
    names = {layer.dtype_policy.name for layer in network.layers}
    return next((n for n in sorted(names) if n.startswith("mixed")), "float32")


def _others(model, config):
    """Yields the names of networks that are not as the settings have it."""
    try:
        expected = _build(config)
    except ValueError:  # No such sizes fit these tables.
        expected = {}
    for name in NETWORKS:
        networks = (getattr(model, name), expected.get(name))
        found, wanted = (_describe(n) if n else None for n in networks)
        if found != wanted:
            yield name


def _build(config):
    # Without the initial values of variables, which take most of the time.
    with keras.StatelessScope(initialize_variables=False):
        networks = networks_of(config)
    return dict(zip(NETWORKS, networks, strict=False))


def _describe(network):
    """Returns the classes and settings of all layers, in their order."""
    return [
        (type(layer).__name__, _without_names(layer.get_config()))
        for layer in network.layers
    ]


def _without_names(value):
    if isinstance(value, dict):
        return {
            k: _without_names(v)
            for k, v in value.items()
            if k not in LEFT_OUT and not k.endswith("_initializer")
        }
    if isinstance(value, list | tuple):
        return [_without_names(v) for v in value]
    return value
