"""Networks with a handful of units for 4x4 images, and models of them."""

import dataclasses
import functools

import keras
import numpy as np
import tensorflow as tf

import ali_keras
from ali_keras.architectures.spec import CHANNELS
from ali_keras.architectures.spec import MEAN_AND_LOG_SIGMA
from ali_keras.architectures.spec import Architecture
from ali_keras.architectures.spec import Row
from ali_keras.networks.builder import build_cycle_discriminator
from ali_keras.networks.builder import build_networks

LATENT_DIM = 3

# Batch normalization in all networks, dropout in the discriminator.
TINY = Architecture(
    encoder=(
        Row("conv", 4, 1, 6, True),
        Row("conv", 1, 1, MEAN_AND_LOG_SIGMA, nonlinearity="linear"),
    ),
    decoder=(
        Row("transposed", 4, 1, 5, True),
        Row("conv", 1, 1, CHANNELS, nonlinearity="sigmoid"),
    ),
    discriminator_x=(
        Row("conv", 4, 1, 6, dropout=0.2),
        Row("conv", 1, 1, 5, True, dropout=0.2),
    ),
    discriminator_z=(Row("conv", 1, 1, 5, dropout=0.2),),
    discriminator_xz=(
        Row("conv", 1, 1, 8, dropout=0.2),
        Row("conv", 1, 1, 1, nonlinearity="linear"),
    ),
    image_size=4,
    negative_slope=0.2,
    weight_stddev=None,
    batch_norm_momentum=0.9,
    batch_norm_epsilon=1e-4,
)


# The same without batch normalization, which tells all replicas of an
# overflow on one.
PLAIN = dataclasses.replace(
    TINY,
    **{
        table: tuple(
            row._replace(batch_norm=False) for row in getattr(TINY, table)
        )
        for table in ("encoder", "decoder", "discriminator_x")
    },
)


def small_config(data_dir, batch_size):
    """The configuration of a run of two steps on real digits."""
    return ali_keras.Config.from_preset(
        "mnist",
        "mnist_5k",
        data_dir=data_dir,
        epochs=1,
        steps_per_epoch=2,
        batch_size=batch_size,
        precision="float32",
    )


@functools.cache
def strategy(num_replicas):
    """MirroredStrategy on virtual devices; TensorFlow's default for one."""
    if num_replicas == 1:
        return tf.distribute.get_strategy()

    class Mirrored(tf.distribute.MirroredStrategy):
        # TensorFlow 2.21 numbers the collectives of each strategy from the
        # same start, and two strategies in one process take each other's.
        _collective_key_base = 1000 * num_replicas

    return Mirrored([f"CPU:{number}" for number in range(num_replicas)])


def images(number=8, seed=0, channels=1):
    """Random images in [0, 1)."""
    shape = (number, 4, 4, channels)
    return np.random.default_rng(seed).random(shape, "float32")


def networks(
    dtype="float32",
    seed=0,
    min_sigma=0.0,
    architecture=TINY,
    classes=0,
    **changes,
):
    """Encoder, decoder and discriminator, with changes to the tables."""
    table = dataclasses.replace(architecture, **changes)
    return build_networks(
        table,
        LATENT_DIM,
        1,
        seed,
        dtype,
        min_sigma,
        discriminator_classes=classes,
    )


def cycle_discriminator(dtype="float32", architecture=TINY):
    """The network that judges reconstructions."""
    return build_cycle_discriminator(architecture, LATENT_DIM, 1, dtype=dtype)


def adam():
    """Adam, fast enough that each step shows in float32."""
    return keras.optimizers.Adam(0.01, beta_1=0.5)


def model(
    objective=None,
    dtype="float32",
    ema_decay=0.0,
    optimizers=None,
    seed=0,
    architecture=TINY,
    classes=0,
    **compile_options,
):
    """A compiled tiny model, with a cycle discriminator if it needs one."""
    players = networks(dtype, seed, architecture=architecture, classes=classes)
    if objective and objective.cycle == "adversarial":
        players += (cycle_discriminator(dtype, architecture),)
    ali = ali_keras.ALI(
        *players,
        seed=7,
        ema_decay=ema_decay,
        dtype=dtype,
    )
    generator, discriminator = optimizers or (adam(), adam())
    ali.compile(generator, discriminator, objective, **compile_options)
    return ali


def variables(ali):
    """All variables that training may change, but for metrics, by name."""
    owners = {
        "encoder": ali.encoder,
        "decoder": ali.decoder,
        "discriminator": ali.discriminator,
        "encoder_ema": ali.encoder_ema,
        "decoder_ema": ali.decoder_ema,
        "generator_optimizer": ali.generator_optimizer,
        "discriminator_optimizer": ali.discriminator_optimizer,
    }
    if ali.cycle_discriminator:
        owners["cycle_discriminator"] = ali.cycle_discriminator
    if ali.discriminator_ema:
        owners["discriminator_ema"] = ali.discriminator_ema
    named = {
        f"{name}/{number}/{variable.path.split('/')[-1]}": variable
        for name, owner in owners.items()
        for number, variable in enumerate(owner.variables)
    }
    return {**named, "step": ali.step}


def values(ali):
    """Copies of the values of `variables`."""
    return {name: variable.numpy() for name, variable in variables(ali).items()}


def changed(before, after):
    """Names of the variables whose values differ in any bit."""
    assert before.keys() == after.keys()
    return {k for k in before if before[k].tobytes() != after[k].tobytes()}


def scattered(before, after):
    """Norm of the difference of each variable, relative to its norm."""
    assert before.keys() == after.keys()
    return {name: distance(before[name], after[name]) for name in before}


def distance(one, two):
    """Norm of the difference, relative to the norm."""
    one, two = (np.asarray(value, "f8") for value in (one, two))
    return np.linalg.norm(one - two) / max(np.linalg.norm(one), 1e-300)


def batches(data, size=8):
    """Whole batches, as a strategy wants them."""
    dataset = tf.data.Dataset.from_tensor_slices(data)
    return dataset.batch(size, drop_remainder=True)


def check_that_copies_agree(ali, num_replicas):
    """All that is saved is the same on all replicas, to the bit."""
    for name, variable in variables(ali).items():
        first, *others = strategy(num_replicas).experimental_local_results(
            variable.value
        )
        assert len({copy.device for copy in (first, *others)}) == num_replicas
        for other in others:
            assert first.numpy().tobytes() == other.numpy().tobytes(), name


def fit(ali, data, epochs=1, batch_size=4):
    """Trains in the order of the data and returns the figures by epoch."""
    history = ali.fit(
        data, epochs=epochs, batch_size=batch_size, shuffle=False, verbose=0
    )
    return history.history
