"""From a configuration to a trained model in a workdir."""

import dataclasses
import sys

import keras

from ali_keras import data
from ali_keras import files
from ali_keras import pictures
from ali_keras.architectures import ARCHITECTURES
from ali_keras.callbacks import WriteCheckpoint
from ali_keras.callbacks import WriteHistory
from ali_keras.errors import InputError
from ali_keras.model import ALI
from ali_keras.networks import build_networks
from ali_keras.objective import Objective
from ali_keras.workdir import Workdir


def build_model(config):
    """Builds and compiles the model of a configuration.

    Call it inside the scope of a distribution strategy, if there is one.

    Args:
        config: `Config`.

    Returns:
        `ALI`, compiled.
    """
    networks = build_networks(
        ARCHITECTURES[config.architecture],
        latent_dim=config.latent_dim,
        channels=config.channels,
        seed=config.seed,
        dtype=config.precision,
        min_sigma=config.min_sigma,
    )
    model = ALI(*networks, seed=config.seed, ema_decay=config.ema_decay)
    model.compile(
        generator_optimizer=_adam(config, config.generator_learning_rate),
        discriminator_optimizer=_adam(
            config, config.discriminator_learning_rate
        ),
        objective=_objective(config),
        jit_compile={"true": True, "false": False}.get(
            config.jit_compile, "auto"
        ),
    )
    return model


def train(config, workdir, download=False):
    """Trains, from the newest checkpoint if there is one, and draws pictures.

    Writes the files that `ali_keras.workdir` lists, and the pictures
    samples.png, reconstructions.png, interpolations.png and losses.png.

    Args:
        config: `Config`.
        workdir: `Workdir` or path of a folder, new or of the same
            configuration.
        download: Boolean. Whether TFDS may fetch the data set.

    Raises:
        InputError: if data, workdir or configuration do not allow it.
    """
    if not isinstance(workdir, Workdir):
        workdir = Workdir(workdir)
    workdir.check(config)
    if workdir.is_finished(config):
        print(f"{workdir.path} is finished: {config.epochs} epochs trained.")
        return
    images, held_out = _load_images(config, download)
    model = build_model(config)
    initial_epoch = workdir.restore(model)
    if workdir.training.exists() and not initial_epoch:
        raise InputError(
            "A finished workdir must have its checkpoints to train on; or use "
            f"another workdir. Received: {workdir.path}, without checkpoints"
        )
    steps_per_epoch = config.steps_per_epoch or len(images) // config.batch_size
    batches = data.training_batches(
        images,
        config.batch_size,
        config.seed,
        range(initial_epoch, config.epochs),
        steps_per_epoch,
    )
    workdir.claim(config)
    print(_describe_start(workdir.path, initial_epoch, config, images))
    model.fit(
        batches,
        epochs=config.epochs,
        initial_epoch=initial_epoch,
        steps_per_epoch=steps_per_epoch,
        shuffle=False,  # It is done: data.training_batches.
        verbose=1 if sys.stdout.isatty() else 2,
        callbacks=_callbacks(workdir, initial_epoch),
    )
    _draw_pictures(model, held_out, config, workdir)
    workdir.finish(model, config)


def _load_images(config, download):
    builder = data.open_dataset(config.dataset, config.data_dir, download)
    size = ARCHITECTURES[config.architecture].image_size
    shape = {"size": size, "channels": config.channels}
    print(f"Images are {data.describe_images(builder, **shape)}.")
    train_split, held_out_split = data.split_names(builder)
    images, _ = data.load_arrays(builder, train_split, **shape)
    held_out, _ = data.load_arrays(builder, held_out_split, **shape)
    return images, held_out


def _describe_start(path, initial_epoch, config, images):
    start = "Training"
    if initial_epoch:
        start = f"Continuing after epoch {initial_epoch}"
    return (
        f"{start} on {len(images)} images of {config.dataset}, to epoch "
        f"{config.epochs}, in {path}."
    )


def _callbacks(workdir, initial_epoch):
    return [
        WriteHistory(workdir.history, initial_epoch),
        WriteCheckpoint(workdir),
        keras.callbacks.TensorBoard(workdir.path / "logs"),
    ]


def _draw_pictures(model, held_out, config, workdir):
    images = pictures.choose(held_out, 50, config.seed)
    for name, grid in (
        ("samples", pictures.samples(model, 100, config.seed)),
        ("reconstructions", pictures.reconstructions(model, images)),
        ("interpolations", pictures.interpolations(model, images[:20])),
    ):
        pictures.write_png(workdir.path / f"{name}.png", grid)
    history = files.read_json(workdir.history)
    pictures.plot_losses(workdir.path / "losses.png", history)


def _objective(config):
    fields = dataclasses.fields(Objective)
    return Objective(**{f.name: getattr(config, f.name) for f in fields})


def _adam(config, learning_rate):
    if config.learning_rate_decay_steps:
        learning_rate = keras.optimizers.schedules.CosineDecay(
            learning_rate, config.learning_rate_decay_steps
        )
    return keras.optimizers.Adam(
        learning_rate, beta_1=config.beta_1, beta_2=config.beta_2, epsilon=1e-8
    )
