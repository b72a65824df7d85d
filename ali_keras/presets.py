"""Named settings, as data. What a preset leaves out is `config.DEFAULTS`."""

# Table 1 of the report by Joshi, Kaur, Nest & Sharma (IFT6269): epochs, size
# of z and both rates, at 28x28 and batch 100. The report adds "artificial
# noise to the input of the discriminator" and states neither its strength nor
# its schedule: 0.1, falling to 0 over half of the run, is our choice.
# `instance_noise_steps` counts 60,000 MNIST, 73,257 SVHN and 162,770 CelebA
# training images.
PRESETS = {
    "report_mnist": {
        "architecture": "report",
        "latent_dim": 128,
        "epochs": 100,
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 1e-5,
        "instance_noise": 0.1,
        "instance_noise_steps": 30_000,
    },
    "report_svhn": {
        "architecture": "report",
        "channels": 3,
        "latent_dim": 256,
        "epochs": 100,
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 1e-4,
        "instance_noise": 0.1,
        "instance_noise_steps": 36_600,
    },
    "report_celeba": {
        "architecture": "report",
        "channels": 3,
        "latent_dim": 256,
        "epochs": 100,
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 1e-4,
        "instance_noise": 0.1,
        "instance_noise_steps": 81_350,
    },
    # Ours: what learns fastest and best on two CPU cores.
    "mnist": {
        "architecture": "compact",
        "latent_dim": 32,
        "epochs": 100,
        "generator_learning_rate": 2.5e-4,
        "discriminator_learning_rate": 5e-4,
        "beta_2": 0.99,
        "relativistic": True,
        "gradient_penalty": 0.05,
        "gradient_penalty_interval": 4,
        "encoder_shift": 2,
        "min_sigma": 0.5,
        "ema_decay": 0.999,
        "precision": "auto",
    },
}
