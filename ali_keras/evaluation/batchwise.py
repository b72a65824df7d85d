"""A model's networks on arrays of any length, batch by batch.

Images are uint8 pixels, or floats as the model takes them. A batch at a time
is converted to floats.
"""

import numpy as np

from ali_keras.data.preprocessing import to_float

BATCH_SIZE = 500


def encode(model, images):
    """Encodes images with the averaged encoder.

    Args:
        model: `ALI`.
        images: Array `(num_images, height, width, channels)`.

    Returns:
        Dictionary of arrays: `z_mean`, of a Gaussian encoder `z_log_sigma`,
        and `features`.
    """
    network = model.encoder_ema
    codes = [network.predict_on_batch(batch) for batch in batches(images)]
    return {name: np.concatenate([c[name] for c in codes]) for name in codes[0]}


def reconstruct(model, images):
    """Reconstructs images, as a float array. Arguments as `encode`."""
    return np.concatenate([model.predict_on_batch(b) for b in batches(images)])


def generate(model, num_images, seed=0):
    """Draws images, as a float array; the first n are those of any n."""
    z = np.asarray(model.sample_prior(num_images, seed))
    network = model.decoder_ema
    return np.concatenate([network.predict_on_batch(b) for b in batches(z)])


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


def as_rows(images):
    """Returns floats of which each row is one image."""
    return to_float(images).reshape(len(images), -1)
