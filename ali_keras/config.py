"""The configuration of a run: groups of settings, presets as data."""

import dataclasses
import json
import pathlib
import types

from ali_keras import files
from ali_keras import settings
from ali_keras.distribution import precision
from ali_keras.errors import InputError
from ali_keras.errors import command
from ali_keras.latents.prior import PRIORS
from ali_keras.networks.settings import NetworkSettings
from ali_keras.objectives.objective import Objective
from ali_keras.optimizers import OptimizerSettings
from ali_keras.presets import PRESETS
from ali_keras.settings import REQUIRED
from ali_keras.settings import setting

# Keras' choice is XLA for one GPU, and none on CPUs.
JIT_COMPILE = types.MappingProxyType(
    {"auto": "auto", "true": True, "false": False}
)
# The key of the noise holds 32 bits of it, as NumPy's generators do.
MAX_SEED = 2**32 - 1


@settings.group
class RunSettings:
    """What is trained on, how long, and from which seed."""

    dataset: str = setting(
        REQUIRED, "TFDS name, 'name' or 'name/config', or folder:PATH."
    )
    preset: str = setting(
        REQUIRED,
        "Named settings that the other values start from.",
        choices=PRESETS,
    )
    data_dir: str | None = setting(
        None, "Folder of prepared TFDS data; none: TFDS' own."
    )
    train_split: str | None = setting(
        None,
        "TFDS split to train on, such as 'extra' or 'train[:90%]'; none: all "
        "of 'train' that is not held out.",
    )
    num_labels: int | None = setting(
        None,
        "Training images whose labels a discriminator of classes may see, as "
        "many of each class; none: all.",
        at_least=1,
    )
    labelled_images: str | None = setting(
        None,
        "Files of the images whose labels it may see, separated by commas, as "
        "tools.select writes them, in place of num_labels that the seed draws.",
    )
    labelled_batch_size: int | None = setting(
        None,
        "Labelled images of a step, of all replicas together; none: as many "
        "as batch_size.",
        at_least=1,
    )
    batch_size: int = setting(
        100, "Images of a batch, of all replicas together.", at_least=1
    )
    balanced_classes: bool = setting(
        False,
        "Whether batches hold each class equally often, however few images it "
        "has.",
    )
    epochs: int = setting(REQUIRED, "Epochs in all.", at_least=1)
    steps_per_epoch: int | None = setting(
        None,
        "Steps that make an epoch; none: one pass over the data.",
        at_least=1,
    )
    seed: int = setting(
        0,
        "Fixes all that is random: initial weights, order of data, noise.",
        at_least=0,
        at_most=MAX_SEED,
    )
    prior: str = setting(
        "normal", "Distribution of z before it sees an image.", choices=PRIORS
    )
    ema_decay: float = setting(
        0.0,
        "Decay of the averaged encoder and decoder; 0: off.",
        at_least=0,
        below=1,
    )
    precision: str = setting(
        "float32",
        "Keras dtype policy; auto: mixed_bfloat16 where it is native.",
        choices=precision.PRECISIONS,
        aliases=("auto",),
    )
    jit_compile: str = setting(
        "auto",
        "XLA; auto: Keras' choice, on for one GPU and off on CPUs.",
        choices=tuple(JIT_COMPILE),
    )


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that fixes a training run, resolved.

    Each setting is an attribute, whatever group it is of: `config.latent_dim`
    is `config.networks.latent_dim`.

    Attributes:
        run: `RunSettings`.
        networks: `NetworkSettings`.
        optimizers: `OptimizerSettings`.
        objective: `Objective`.
    """

    run: RunSettings
    networks: NetworkSettings
    optimizers: OptimizerSettings
    objective: Objective

    def __getattr__(self, name):
        if name in _GROUPS:
            return getattr(getattr(self, _GROUPS[name]), name)
        raise AttributeError(f"Config has no setting {name!r}")

    @property
    def image_shape(self):
        """Height, width and channels of the networks' images."""
        return self.networks.image_shape

    @classmethod
    def from_preset(cls, preset, dataset="", **overrides):
        """Resolves a preset.

        Args:
            preset: String, a key of `presets.PRESETS`.
            dataset: TFDS name or folder:PATH; none or "" if it is not chosen
                yet.
            **overrides: Settings that differ from the preset; `None` means
                the preset's value. `precision` may be "auto" here, see
                `precision.resolve`.

        Returns:
            `Config`.

        Raises:
            InputError: if there is no such preset, or a value is not allowed.
            TypeError: if there is no such setting.
        """
        settings.check_values(RunSettings, preset=preset)
        given = {k: v for k, v in overrides.items() if v is not None}
        values = {**PRESETS[preset], **given}
        if "precision" in values:
            values["precision"] = precision.resolve(values["precision"])
        return cls.from_values(dataset=dataset or "", preset=preset, **values)

    @classmethod
    def from_values(cls, **values):
        """Makes a configuration from settings by name, see `values`.

        Raises:
            InputError: if a value is not allowed.
            TypeError: if a setting is unknown, or one without a default is
                missing.
        """
        unknown = sorted(values.keys() - _GROUPS.keys())
        if unknown:
            raise TypeError(f"There is no setting {', '.join(unknown)}")
        return cls(
            **{
                name: kind(
                    **{k: v for k, v in values.items() if _GROUPS[k] == name}
                )
                for name, kind in KINDS.items()
            }
        )

    def values(self):
        """Returns a flat dictionary of all settings by name."""
        return {name: getattr(self, name) for name in _GROUPS}

    @classmethod
    def read(cls, path):
        """Reads a configuration that `write` wrote, or an older version did.

        Raises:
            InputError: if the file is missing or is no configuration.
        """
        try:
            text = pathlib.Path(path).read_text(encoding="utf-8")
            return cls.from_values(**json.loads(text))
        except FileNotFoundError:
            raise InputError(
                f"A workdir must hold config.json, as {command('tools.train')} "
                f"writes it. Received: {path}, which does not exist"
            ) from None
        except (
            *(OSError, TypeError, ValueError),
            RecursionError,  # Nested too deeply.
        ) as error:
            raise InputError(
                "config.json must be a configuration as "
                f"{command('tools.train')} writes it. "
                f"Received: {path} ({error})"
            ) from None

    def write(self, path):
        """Writes all settings as JSON, whole or not at all."""
        files.write_json(path, self.values())

    def differences(self, other):
        """Names of the settings in which two configurations differ."""
        theirs = other.values()
        return [k for k, v in self.values().items() if theirs[k] != v]

    def replace(self, **changes):
        """Returns a copy with some settings changed."""
        return self.from_values(**{**self.values(), **changes})


# The class of each group of settings, and the group of each setting.
KINDS = types.MappingProxyType(
    {field.name: field.type for field in dataclasses.fields(Config)}
)
_GROUPS = types.MappingProxyType(
    {
        each.name: name
        for name, kind in KINDS.items()
        for each in settings.settings_of(kind)
    }
)


def all_settings():
    """Returns the `settings.Setting`s of all groups, in a fixed order."""
    return [s for kind in KINDS.values() for s in settings.settings_of(kind)]
