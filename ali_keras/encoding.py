"""Encoding a whole split of a data set, batch by batch."""

from ali_keras import data
from ali_keras import noise
from ali_keras.architectures import ARCHITECTURES
from ali_keras.errors import InputError
from ali_keras.objective import POSTERIOR
from ali_keras.objective import sample_posterior

BATCH_SIZE = 500


def encode_split(model, config, split=None, seed=0):
    """Encodes a split in the order in which TFDS stores it.

    Args:
        model: `ALI`.
        config: `Config` that names the data set and its data_dir.
        split: TFDS split or slice; `None` is the held-out split.
        seed: Integer. Fixes the draws `z`.

    Returns:
        Tuple of the number of examples, and an iterator of dictionaries of
        arrays: `z_mean`, `z_log_sigma`, a draw `z` `(batch, latent_dim)`,
        `features` `(batch, num_features)` and, where there are labels,
        `label`.

    Raises:
        InputError: if data set or split are unknown, or the split is empty.
    """
    builder = data.open_dataset(config.dataset, config.data_dir)
    split = split or data.split_names(builder)[1]
    size = ARCHITECTURES[config.architecture].image_size
    examples = data.read_examples(builder, split, size, config.channels)
    num_examples = builder.info.splits[split].num_examples
    if not num_examples:
        raise InputError(f"split must not be empty. Received: {split}")
    return num_examples, _encode_batches(
        model, examples.batch(BATCH_SIZE), seed
    )


def _encode_batches(model, batches, seed):
    for number, batch in enumerate(batches):
        codes = model.encoder_ema(batch.pop("image"), training=False)
        key = noise.fold(seed, POSTERIOR, number)
        codes["z"] = sample_posterior(codes, key)
        yield {k: v.numpy() for k, v in {**codes, **batch}.items()}
