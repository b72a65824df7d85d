"""Trains ALI on a TFDS image data set.

python -m tools.train --dataset=mnist_5k --preset=mnist --workdir=runs/demo

The same command again continues an interrupted run. Flags that are not given
take the preset's value.
"""

import dataclasses

from absl import flags

import ali_keras
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.distribution.precision import PRECISIONS
from ali_keras.distribution.strategy import STRATEGIES
from ali_keras.latents.prior import PRIORS
from ali_keras.model.summary import describe
from ali_keras.networks.rows import NORMALIZATIONS
from ali_keras.objectives.objective import CYCLES
from ali_keras.presets import PRESETS
from ali_keras.training.execution import ON_NONFINITE

common_flags.declare(
    __name__, "workdir", "dataset", "data_dir", "seed", "batch_size"
)
flags.DEFINE_enum("preset", "mnist", sorted(PRESETS), "Named settings.")
flags.DEFINE_string(
    "train_split",
    None,
    "TFDS split to train on, such as 'extra' or 'train[:90%]'.",
)
flags.DEFINE_integer("epochs", None, "Epochs in all.", lower_bound=1)
flags.DEFINE_integer(
    "steps_per_epoch",
    None,
    "Steps that make an epoch. Default: one pass over the data.",
    lower_bound=1,
)
flags.DEFINE_integer("latent_dim", None, "Size of z.", lower_bound=1)
flags.DEFINE_integer(
    "channels", None, "Channels of the images: 1 grey, 3 RGB, 2 points."
)
flags.DEFINE_float(
    "generator_learning_rate", None, "Of encoder and decoder.", lower_bound=0
)
flags.DEFINE_float(
    "discriminator_learning_rate", None, "Of the discriminator.", lower_bound=0
)
flags.DEFINE_integer(
    "learning_rate_decay_steps",
    None,
    "Steps over which both rates fall to 0; 0: constant.",
    lower_bound=0,
)
flags.DEFINE_bool("relativistic", None, "Relativistic pairing loss.")
flags.DEFINE_float(
    "gradient_penalty", None, "Weight of R1 + R2; 0: off.", lower_bound=0
)
flags.DEFINE_integer(
    "gradient_penalty_interval",
    None,
    "One of so many pairs is penalised.",
    lower_bound=1,
)
flags.DEFINE_float(
    "instance_noise", None, "Noise on D's images; 0: off.", lower_bound=0
)
flags.DEFINE_integer(
    "instance_noise_steps",
    None,
    "Steps over which the noise falls to 0; 0: constant.",
    lower_bound=0,
)
flags.DEFINE_integer(
    "encoder_shift",
    None,
    "Pixels of random shift of the encoder's images; 0: off.",
    lower_bound=0,
)
flags.DEFINE_enum(
    "discriminator_normalization",
    None,
    list(NORMALIZATIONS),
    "Of the discriminator's kernels.",
)
flags.DEFINE_enum("prior", None, PRIORS, "Of z.")
flags.DEFINE_enum("cycle", None, CYCLES, "Form of the cycle-consistency.")
flags.DEFINE_float(
    "cycle_weight", None, "Weight lambda of the cycle.", lower_bound=0
)
flags.DEFINE_bool("joint", None, "Whether the discriminator sees z.")
flags.DEFINE_float(
    "latent_regression",
    None,
    "Weight of |z - E(G(z))|^2 for the encoder; 0: off.",
    lower_bound=0,
)
flags.DEFINE_float(
    "latent_regression_decoder",
    None,
    "Share of its gradient that reaches the decoder.",
    0,
    1,
)
flags.DEFINE_integer(
    "latent_regression_start",
    None,
    "Steps before it, and after which the other losses are off; 0: all the "
    "time.",
    lower_bound=0,
)
flags.DEFINE_float("min_sigma", None, "Floor of the encoder's sigma.", 0, 1)
flags.DEFINE_float("ema_decay", None, "Of the averaged networks; 0: off.", 0, 1)
flags.DEFINE_enum(
    "precision",
    None,
    ["auto", *PRECISIONS],
    "Keras dtype policy; auto: mixed_bfloat16 where it is native.",
)
flags.DEFINE_enum("jit_compile", None, ["auto", "true", "false"], "XLA.")
flags.DEFINE_enum(
    "strategy",
    "auto",
    STRATEGIES,
    "Devices to train on; auto: the workers of TF_CONFIG, else all GPUs.",
)
flags.DEFINE_integer(
    "num_virtual_devices", None, "Replicas to fake on the CPU.", lower_bound=1
)
flags.DEFINE_bool(
    "deterministic", False, "The same bytes at each run, at a cost in time."
)
flags.DEFINE_integer(
    "checkpoint_every_steps",
    None,
    "Steps between checkpoints, besides that of each epoch.",
    lower_bound=1,
)
flags.DEFINE_integer(
    "keep_checkpoints", 2, "How many are kept; 0: all.", lower_bound=0
)
flags.DEFINE_enum(
    "on_nonfinite",
    "stop",
    ON_NONFINITE,
    "At NaN or infinity; rollback: from the last checkpoint at half the rates.",
)
flags.DEFINE_bool("download", False, "Whether TFDS may fetch the data set.")
flags.DEFINE_bool(
    "skip_bad_images",
    False,
    "Whether images that cannot be read are skipped and counted.",
)
DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Print configuration and networks; train nothing."
)


def main():
    """Trains, or with --dry_run tells what would be trained."""
    config = config_from_flags()
    if DRY_RUN.value:
        print(describe(config))
    else:
        workdir = common_flags.workdir()
        execution = ali_keras.Execution(**_given(ali_keras.Execution))
        ali_keras.train(config, workdir.path, execution)


def config_from_flags():
    """Resolves the preset and the flags that bear the names of settings."""
    if not (common_flags.DATASET.value or DRY_RUN.value):
        raise ali_keras.InputError(
            "--dataset must be given: a TFDS name, such as mnist_5k, or "
            "folder:PATH"
        )
    return ali_keras.Config.from_preset(**_given(ali_keras.Config))


def _given(settings):
    """Values of the flags that bear the names of a dataclass' fields."""
    names = [field.name for field in dataclasses.fields(settings)]
    return {n: flags.FLAGS[n].value for n in names if n in flags.FLAGS}


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
