"""Trains ALI on a TFDS image data set.

python -m tools.train --dataset=mnist_5k --preset=mnist --workdir=runs/demo

The same command again continues an interrupted run. Flags that are not given
take the preset's value.
"""

from absl import flags

from ali_keras import config as configuration
from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line import setting_flags
from ali_keras.errors import InputError
from ali_keras.settings import settings_of
from ali_keras.training.execution import Execution

common_flags.declare(
    __name__,
    "workdir",
    "dataset",
    "data_dir",
    "seed",
    "batch_size",
    "max_image_pixels",
    "strategy",
)
SETTINGS = {each.name: each for each in configuration.all_settings()}
setting_flags.define_one(SETTINGS["preset"], __name__, default="mnist")
setting_flags.define(SETTINGS.values(), __name__)
setting_flags.define(settings_of(Execution), __name__, defaults=True)
DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Print configuration and networks; train nothing."
)


def main():
    """Trains, or with --dry_run tells what would be trained."""
    config = config_from_flags()
    if DRY_RUN.value:
        from ali_keras.training.description import describe

        print(describe(_with_classes(config)))
    else:
        from ali_keras.training.run import train

        workdir = common_flags.workdir()
        values = setting_flags.values(settings_of(Execution))
        given = {k: value for k, value in values.items() if value is not None}
        train(config, workdir.path, Execution(**given))


def _with_classes(config):
    """Takes the number of classes from the data set, if it is wanted."""
    is_open = config.conditional != "none" and config.label_dim is None
    if not (is_open and config.dataset):
        return config
    from ali_keras.data.sources import open_again
    from ali_keras.training import conditioning

    return conditioning.of_dataset(config, open_again(config))


def config_from_flags():
    """Resolves the preset and the flags that bear the names of settings."""
    if not (common_flags.DATASET.value or DRY_RUN.value):
        raise InputError(
            "--dataset must be given: a TFDS name, such as mnist_5k, or "
            "folder:PATH"
        )
    return configuration.Config.from_preset(
        **setting_flags.values(SETTINGS.values())
    )


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
