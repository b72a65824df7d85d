"""Twenty steps of five presets: how they are trained, and what is compared.

The variables come in a fixed order: encoder, decoder, discriminator, cycle
discriminator (if there is one), averaged encoder, averaged decoder, each in
the order of its `weights`; then the variables of the generator's and of the
discriminator's optimizer; then the step.
"""

import hashlib
import json

import h5py
import keras
import numpy as np

import ali_keras

NUM_STEPS = 20
NUM_SAMPLED = 32  # Elements that are kept of each variable.
# Data set and changes to the preset.
RUNS = {
    "mnist": ("mnist_5k", {}),
    "mixture": ("mixture_25", {}),
    "bigan_mnist_jlr": ("mnist_5k", {}),
    "alice_mnist": ("mnist_5k", {}),
    "cifar10": ("cifar10", {"batch_size": 20}),
}
NETWORKS = (
    "encoder",
    "decoder",
    "discriminator",
    "cycle_discriminator",
    "encoder_ema",
    "decoder_ema",
)
OPTIMIZERS = ("generator_optimizer", "discriminator_optimizer")


def train(preset, data_dir, path, deterministic=False):
    """Trains one of `RUNS`, and loads the model that was saved.

    Args:
        preset: String, a key of `RUNS`.
        data_dir: Folder of prepared data.
        path: Path of the new workdir.
        deterministic: Boolean. Whether the bytes must be repeatable. It
            holds for the rest of the process.

    Returns:
        `ALI`, after `NUM_STEPS` steps.
    """
    dataset, changes = RUNS[preset]
    config = ali_keras.Config.from_preset(
        preset,
        dataset,
        data_dir=data_dir,
        seed=0,
        precision="float32",
        epochs=1,
        steps_per_epoch=NUM_STEPS,
        **changes,
    )
    execution = ali_keras.Execution(
        deterministic=deterministic, checkpoint_every_steps=NUM_STEPS - 1
    )
    ali_keras.train(config, path, execution)
    return keras.models.load_model(path / "model.keras")


def variables(model):
    """Returns the values of all variables by name, in the fixed order."""
    lists = {
        name: getattr(model, name).weights
        for name in NETWORKS
        if getattr(model, name)
    }
    lists |= {name: getattr(model, name).variables for name in OPTIMIZERS}
    values = {
        f"{name}/{number}/{variable.path.split('/')[-1]}": variable.numpy()
        for name, weights in lists.items()
        for number, variable in enumerate(weights)
    }
    return {**values, "step": model.step.numpy()}


def digest(values):
    """Returns the SHA-256 over the bytes of all variables in their order."""
    whole = hashlib.sha256()
    for value in values.values():
        whole.update(np.ascontiguousarray(value).tobytes())
    return whole.hexdigest()


def sample(values):
    """Returns `NUM_SAMPLED` elements of each variable at equal distances."""
    return {name: _sample(np.ravel(v)) for name, v in values.items()}


def _sample(flat):
    count = min(NUM_SAMPLED, len(flat))
    return flat[np.linspace(0, len(flat) - 1, count).astype(int)]


def losses(path):
    """Returns the means of all figures over the steps, and the last step's.

    The last step's are the difference between the sums after all steps and
    those in the checkpoint before it.

    Args:
        path: Path of the workdir that `train` made.

    Returns:
        Tuple of two dictionaries.
    """
    history = json.loads((path / "history.json").read_text())
    means = {k: v for k, [v] in history.items() if k != "seconds"}
    name = f"step_{NUM_STEPS - 1:08d}.weights.h5"
    with h5py.File(path / "checkpoints" / name) as file:
        sums = json.loads(file.attrs["figures"])
    last = {}
    for name, mean in means.items():
        total, weight = sums[name]
        batch_size = weight / (NUM_STEPS - 1)
        last[name] = NUM_STEPS * mean - total / batch_size
    return means, last
