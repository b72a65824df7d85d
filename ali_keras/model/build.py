"""From a configuration to a compiled model."""

from ali_keras.architectures import ARCHITECTURES
from ali_keras.config import JIT_COMPILE
from ali_keras.model.ali import ALI
from ali_keras.networks.builder import build_cycle_discriminator
from ali_keras.networks.builder import build_networks
from ali_keras.networks.weights import set_output_bias
from ali_keras.optimizers import adam


def build_model(config, images=None):
    """Builds and compiles the model of a configuration.

    Call it inside the scope of a distribution strategy, if there is one.

    Args:
        config: `Config`.
        images: Floats in [0, 1], the first training images: an untied output
            bias starts at the log-odds of their mean, see
            `weights.set_output_bias`. `None`: it starts at 0.

    Returns:
        `ALI`, compiled.
    """
    networks = networks_of(config)
    if images is not None:
        set_output_bias(networks[1], images)
    condition = config.networks.condition
    model = ALI(
        *networks,
        prior=config.prior,
        bounded=ARCHITECTURES[config.architecture].is_bounded,
        seed=config.seed,
        ema_decay=config.ema_decay,
        num_classes=condition and condition.num_classes,
    )
    model.compile(
        generator_optimizer=adam(
            config.optimizers, config.generator_learning_rate
        ),
        discriminator_optimizer=adam(
            config.optimizers, config.discriminator_learning_rate
        ),
        objective=config.objective,
        jit_compile=JIT_COMPILE[config.jit_compile],
    )
    return model


def networks_of(config):
    """Builds the networks of a configuration.

    Args:
        config: `Config`.

    Returns:
        Tuple of `keras.Model`s: encoder, decoder, discriminator and, if the
        objective needs one, the cycle's discriminator.
    """
    options = {
        "architecture": ARCHITECTURES[config.architecture],
        "latent_dim": config.latent_dim,
        "channels": config.channels,
        "seed": config.seed,
        "dtype": config.precision,
        "normalization": config.discriminator_normalization,
    }
    networks = build_networks(
        min_sigma=config.min_sigma,
        condition=config.networks.condition,
        embedding_dim=config.label_embedding_dim,
        discriminator_classes=config.discriminator_classes,
        **options,
    )
    if config.objective.needs_cycle_discriminator:
        networks += (build_cycle_discriminator(**options),)
    return networks
