"""Encoding a whole split of a data set, batch by batch."""

from ali_keras import noise
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.image_folder import ImageFolder
from ali_keras.data.image_header import MAX_IMAGE_PIXELS
from ali_keras.errors import InputError
from ali_keras.evaluation.batchwise import BATCH_SIZE
from ali_keras.latents import posterior


def encode_split(
    model, config, split=None, seed=0, max_image_pixels=MAX_IMAGE_PIXELS
):
    """Encodes a split in the order in which TFDS stores it.

    Args:
        model: `ALI`.
        config: `Config` that names the data set and its data_dir.
        split: TFDS split or slice; `None` is the held-out split.
        seed: Integer. Fixes the draws `z`.
        max_image_pixels: Integer. See `splits.read_examples`.

    Returns:
        Tuple of the number of examples, and an iterator of dictionaries of
        arrays: `z_mean`, `z_log_sigma` (of a Gaussian encoder), a draw `z`
        `(batch, latent_dim)`, `features` `(batch, num_features)`; where there
        are labels, `label`; of a model of attributes `attributes`; for a
        folder `file`, the path of each image below it, as bytes.

    Raises:
        InputError: if data set or split are unknown, or the split is empty,
            or lacks the labels of a conditional model.
    """
    builder = sources.open_again(config, max_image_pixels=max_image_pixels)
    split = split or splits.split_names(builder)[1]
    return encode_opened(model, config, builder, split, seed, max_image_pixels)


def encode_opened(
    model, config, builder, split, seed=0, max_image_pixels=MAX_IMAGE_PIXELS
):
    """Does what `encode_split` does with a data set that is open already.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        builder: As `sources.open_again` returns it.
        split: TFDS split or slice.
        seed: Integer. Fixes the draws `z`.
        max_image_pixels: Integer. See `splits.read_examples`.

    Returns and raises as `encode_split`.
    """
    size, _, channels = config.image_shape
    examples = splits.read_examples(
        builder,
        split,
        size,
        channels,
        max_image_pixels=max_image_pixels,
        attributes=config.conditional == "attributes",
    )
    num_examples = builder.info.splits[split].num_examples
    if not num_examples:
        raise InputError(f"split must not be empty. Received: {split}")
    batches = _encode_batches(model, examples.batch(BATCH_SIZE), seed)
    if isinstance(builder, ImageFolder):
        batches = _fix_width(batches, builder.longest_name())
    return num_examples, batches


def _fix_width(batches, width):
    # Of all batches: an array of bytes has one for all its items.
    for batch in batches:
        yield {**batch, "file": batch["file"].astype(f"S{width}")}


def _encode_batches(model, batches, seed):
    for number, batch in enumerate(batches):
        images = batch.pop("image")
        key = noise.fold(seed, noise.POSTERIOR, number)
        label = None
        if model.condition:
            told = batch.get(model.condition.name)
            label = model.label_input(model.condition.check(told))
        codes = posterior.encode_all(model.encoder_ema, images, key, label)
        yield {k: v.numpy() for k, v in {**codes, **batch}.items()}
