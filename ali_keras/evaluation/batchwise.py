"""A model's networks on arrays of any length, batch by batch.

Images are uint8 pixels, or floats as the model takes them. A batch at a time
is converted to floats.
"""

import numpy as np

from ali_keras.data.preprocessing import to_float
from ali_keras.progress import silent

BATCH_SIZE = 500


def encode(model, images, progress=silent, labels=None):
    """Encodes images with the averaged encoder.

    Args:
        model: `ALI`.
        images: Array `(num_images, height, width, channels)`.
        progress: Function as `progress.silent`.
        labels: Array of the images' labels, for a conditional model; others
            do not look at it.

    Returns:
        Dictionary of arrays: `z_mean`, of a Gaussian encoder `z_log_sigma`,
        and `features`.
    """
    network = model.encoder_ema
    codes = [
        network.predict_on_batch(inputs(model, batch, labels, number))
        for number, batch in enumerate(
            watched_batches(images, progress, "Encoding")
        )
    ]
    return {name: np.concatenate([c[name] for c in codes]) for name in codes[0]}


def classify(model, images, progress=silent):
    """Tells the classes of images, by both kinds of z; arguments as `encode`.

    Returns:
        Dictionary of arrays `(num_images, num_classes)`, the probabilities:
        with the mean of q(z|x) at `z_mean`, with a draw at `z_sampled`.
    """
    pairs = [
        model.classify_twice(batch, seed)
        for seed, batch in enumerate(
            watched_batches(images, progress, "Classifying")
        )
    ]
    by_mean, by_draw = map(np.concatenate, zip(*pairs, strict=True))
    return {"z_mean": by_mean, "z_sampled": by_draw}


def reconstruct(model, images, progress=silent, labels=None):
    """Reconstructs images, as a float array. Arguments as `encode`."""
    z = encode(model, images, progress, labels)["z_mean"]
    return decode(model, z, progress, labels)


def decode(model, z, progress=silent, labels=None):
    """Decodes the codes of images with the averaged decoder.

    Args:
        model: `ALI`.
        z: Array `(num_images, latent_dim)`, such as the `z_mean` of `encode`.
        progress: Function as `progress.silent`.
        labels: As for `encode`.

    Returns:
        Float array `(num_images, height, width, channels)`.
    """
    images = [
        model.decoder_ema.predict_on_batch(inputs(model, batch, labels, number))
        for number, batch in enumerate(
            watched_batches(z, progress, "Reconstructing")
        )
    ]
    return np.concatenate(images)


def generate(model, num_images, seed=0, labels=None):
    """Draws images, as a float array; the first n are those of any n."""
    batches = generate_batches(model, num_images, seed, labels)
    return np.concatenate([batch["image"] for batch in batches])


def generate_batches(model, num_images, seed=0, labels=None):
    """Draws what `generate` draws, and holds one batch in memory.

    Args:
        model: `ALI`.
        num_images: Integer.
        seed: Integer.
        labels: Array of `num_images` labels, for a conditional model. `None`:
            its classes in turn.

    Yields:
        Dictionary of arrays: `image`, floats, `z`, and of a conditional model
        what it was told: `label` or `attributes`.
    """
    condition = model.condition
    if condition and labels is None:
        labels = condition.examples(num_images)
    for number, start in enumerate(range(0, num_images, BATCH_SIZE)):
        size = min(BATCH_SIZE, num_images - start)
        z = np.asarray(model.sample_prior(size, seed, start))
        images = model.decoder_ema.predict_on_batch(
            inputs(model, z, labels, number)
        )
        told = {condition.name: part(labels, number)} if condition else {}
        yield {"image": images, "z": z, **told}


def decode_batches(model, z, labels, repeats):
    """Decodes each z under several labels, in rows.

    Args:
        model: `ALI`, conditional.
        z: Array `(num_rows, latent_dim)`.
        labels: Array of `num_rows * repeats` labels.
        repeats: Integer. How often each z comes in a row.

    Yields:
        Dictionary of arrays: `image`, floats.
    """
    z = np.repeat(z, repeats, axis=0)
    for number in range(num_batches(len(z))):
        given = inputs(model, part(z, number), labels, number)
        yield {"image": model.decoder_ema.predict_on_batch(given)}


def inputs(model, first, labels, number):
    """Returns what encoder or decoder take of a batch.

    Args:
        model: `ALI`.
        first: Array, the batch of images or z.
        labels: Array of the labels of all batches; `None` without any.
        number: Integer. The batch's.

    Returns:
        The array; with its labels, in a list, of a conditional model.
    """
    if model.condition is None:
        return first
    labels = model.condition.check(part(labels, number))
    return [first, np.asarray(model.label_input(labels))]


def part(rows, number):
    """Returns the rows of a batch by its number; `None` of no rows."""
    if rows is None:
        return None
    return rows[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]


def num_batches(num_images):
    """Returns the number of batches of this many images."""
    return -(-num_images // BATCH_SIZE)


def squared_errors(images, reconstructions):
    """Squared differences of images and their reconstructions, as floats."""
    errors = np.empty_like(reconstructions)
    stop = 0
    for batch in batches(images):
        start, stop = stop, stop + len(batch)
        errors[start:stop] = (batch - reconstructions[start:stop]) ** 2
    return errors


def batches(images, size=BATCH_SIZE):
    """Yields batches of an array as floats, in order."""
    for start in range(0, len(images), size):
        yield to_float(images[start : start + size])


def watched_batches(images, progress, verb):
    """Yields `batches`, with a title that begins with a verb."""
    title = f"{verb} {len(images):,} images"
    return progress(batches(images), num_batches(len(images)), title)


def as_rows(images):
    """Returns floats of which each row is one image."""
    return to_float(images).reshape(len(images), -1)
