"""The configuration of a run: one frozen dataclass, presets as data."""

import dataclasses
import json
import math
import pathlib

from ali_keras import files
from ali_keras.architectures import ARCHITECTURES
from ali_keras.distribution.precision import PRECISIONS
from ali_keras.distribution.precision import resolve
from ali_keras.errors import InputError
from ali_keras.latents.prior import PRIORS
from ali_keras.networks.rows import NORMALIZATIONS
from ali_keras.objectives.objective import CYCLES
from ali_keras.presets import PRESETS


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that fixes a training run, resolved.

    Attributes:
        dataset: TFDS name, `name` or `name/config`; or `folder:PATH`.
        preset: Name of the preset that the other values started from.
        data_dir: Folder of prepared TFDS data; `None` is TFDS' default.
        train_split: TFDS split to train on; `None` is "train".
        architecture: Key of `architectures.ARCHITECTURES`.
        channels: Channels of the images: 1 grey, 3 RGB, 2 points in the
            plane.
        latent_dim: Size of z.
        prior: Of z, one of `prior.PRIORS`.
        min_sigma: Floor of the encoder's sigma; 0 is none.
        discriminator_normalization: Of the discriminator's kernels, one of
            `rows.NORMALIZATIONS`.
        batch_size: Global batch, over all replicas.
        epochs: Epochs to train in all.
        steps_per_epoch: Steps that are called an epoch; `None` is one pass
            over the data.
        seed: Fixes initial weights, order of data and noise.
        generator_learning_rate: Adam's, for encoder and decoder.
        discriminator_learning_rate: Adam's, for the discriminator.
        learning_rate_decay_steps: Steps over which both rates fall to 0 along
            a half cosine; 0 keeps them constant, as the paper does.
        beta_1: Adam's decay of the first moment.
        beta_2: Adam's decay of the second moment.
        relativistic: Whether to use the relativistic pairing loss.
        gradient_penalty: Weight gamma of R1 + R2; 0 is off.
        gradient_penalty_interval: One of so many pairs is penalised.
        instance_noise: Standard deviation of the noise on D's images.
        instance_noise_steps: Steps over which it falls to 0; 0 is never.
        encoder_shift: Pixels by which the encoder's images are shifted at
            random; 0 is off.
        cycle: Form of the cycle-consistency, one of `objective.CYCLES`.
        cycle_weight: Its weight lambda.
        joint: Whether the discriminator sees z.
        latent_regression: Weight of the latent regression; 0 is off. For
            this and the next two see `objective.Objective`.
        latent_regression_decoder: Share of its gradient that reaches the
            decoder.
        latent_regression_start: Steps before it, and after which the other
            losses are off; 0: both all the time.
        ema_decay: Decay of the averaged encoder and decoder; 0 is off.
        precision: Keras dtype policy, one of `precision.PRECISIONS`.
        jit_compile: "auto", "true" or "false": XLA; auto is Keras' choice
            (on for one GPU, off on CPUs).

    Raises:
        InputError: if a value is not allowed; the message names it.
    """

    dataset: str
    preset: str
    data_dir: str | None
    train_split: str | None
    architecture: str
    channels: int
    latent_dim: int
    prior: str
    min_sigma: float
    discriminator_normalization: str
    batch_size: int
    epochs: int
    steps_per_epoch: int | None
    seed: int
    generator_learning_rate: float
    discriminator_learning_rate: float
    learning_rate_decay_steps: int
    beta_1: float
    beta_2: float
    relativistic: bool
    gradient_penalty: float
    gradient_penalty_interval: int
    instance_noise: float
    instance_noise_steps: int
    encoder_shift: int
    cycle: str
    cycle_weight: float
    joint: bool
    latent_regression: float
    latent_regression_decoder: float
    latent_regression_start: int
    ema_decay: float
    precision: str
    jit_compile: str

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            if isinstance(value, float):
                self._check(name, math.isfinite(value), "finite")
        for name in (
            "latent_dim",
            "batch_size",
            "epochs",
            "gradient_penalty_interval",
        ):
            self._check(name, getattr(self, name) >= 1, "at least 1")
        for name in ("generator_learning_rate", "discriminator_learning_rate"):
            self._check(name, getattr(self, name) > 0, "above 0")
        for name in (
            "seed",
            "gradient_penalty",
            "instance_noise",
            "instance_noise_steps",
            "encoder_shift",
            "cycle_weight",
            "latent_regression",
            "latent_regression_start",
            "learning_rate_decay_steps",
        ):
            self._check(name, getattr(self, name) >= 0, "at least 0")
        for name in ("min_sigma", "ema_decay", "beta_1", "beta_2"):
            self._check(name, 0 <= getattr(self, name) < 1, "in [0, 1)")
        share = self.latent_regression_decoder
        self._check("latent_regression_decoder", 0 <= share <= 1, "in [0, 1]")
        steps = self.steps_per_epoch
        self._check(
            "steps_per_epoch", steps is None or steps >= 1, "at least 1"
        )
        self._check_choices()

    def _check_choices(self):
        for name, allowed in (
            ("architecture", tuple(ARCHITECTURES)),
            ("channels", (1, 2, 3)),
            ("prior", PRIORS),
            ("cycle", CYCLES),
            ("discriminator_normalization", tuple(NORMALIZATIONS)),
            ("precision", PRECISIONS),
            ("jit_compile", ("auto", "true", "false")),
        ):
            valid = getattr(self, name) in allowed
            self._check(name, valid, f"one of {list(allowed)}")

    def _check(self, name, valid, rule):
        if not valid:
            raise InputError(
                f"{name} must be {rule}. Received: {getattr(self, name)}"
            )

    @property
    def image_shape(self):
        """Height, width and channels of the networks' images."""
        size = ARCHITECTURES[self.architecture].image_size
        return (size, size, self.channels)

    @classmethod
    def from_preset(cls, preset, dataset="", **overrides):
        """Resolves a preset.

        Args:
            preset: String, a key of `presets.PRESETS`.
            dataset: TFDS name.
            **overrides: Attributes that differ from the preset; `None` means
                the preset's value. `precision` may be "auto" here, see
                `precision.resolve`.

        Returns:
            `Config`.

        Raises:
            InputError: if there is no such preset, or a value is not allowed.
        """
        if preset not in PRESETS:
            raise InputError(
                f"preset must be one of {sorted(PRESETS)}. Received: {preset}"
            )
        given = {k: v for k, v in overrides.items() if v is not None}
        values = {**DEFAULTS, **PRESETS[preset], **given}
        values["precision"] = resolve(values["precision"])
        return cls(dataset=dataset, preset=preset, **values)

    @classmethod
    def read(cls, path):
        """Reads a configuration that `write` wrote.

        Raises:
            InputError: if the file is missing or is no configuration.
        """
        try:
            values = json.loads(pathlib.Path(path).read_text())
            return cls(**{**DEFAULTS, **values})  # It may be an older one.
        except FileNotFoundError:
            raise InputError(
                "A workdir must hold config.json, as ali-train writes it. "
                f"Received: {path}, which does not exist"
            ) from None
        except (OSError, TypeError, ValueError) as error:
            raise InputError(
                f"config.json must be a configuration as ali-train writes it. "
                f"Received: {path} ({error})"
            ) from None

    def values(self):
        """Returns all settings as a flat dictionary."""
        return dataclasses.asdict(self)

    def write(self, path):
        """Writes the configuration as JSON, whole or not at all."""
        files.write_json(path, dataclasses.asdict(self))

    def differences(self, other):
        """Names of the attributes in which two configurations differ."""
        return [
            field.name
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        ]

    def replace(self, **changes):
        """Returns a copy with some attributes changed."""
        return dataclasses.replace(self, **changes)


# Values that no preset needs to state: the paper's, or off.
DEFAULTS = {
    "data_dir": None,
    "train_split": None,
    "channels": 1,
    "prior": "normal",
    "min_sigma": 0.0,
    "discriminator_normalization": "none",
    "batch_size": 100,
    "steps_per_epoch": None,
    "seed": 0,
    "learning_rate_decay_steps": 0,
    "beta_1": 0.5,
    "beta_2": 0.999,
    "relativistic": False,
    "gradient_penalty": 0.0,
    "gradient_penalty_interval": 1,
    "instance_noise": 0.0,
    "instance_noise_steps": 0,
    "encoder_shift": 0,
    "cycle": "none",
    "cycle_weight": 1.0,
    "joint": True,
    "latent_regression": 0.0,
    "latent_regression_decoder": 0.0,
    "latent_regression_start": 0,
    "ema_decay": 0.0,
    "precision": "float32",
    "jit_compile": "auto",
}
