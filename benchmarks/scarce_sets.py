"""A data set with one scarce class, ways to fill it, a classifier to judge."""

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

# How far the usual augmentation moves an image, as shares of its size and of
# a full turn: two pixels of MNIST, 10 degrees, a tenth.
SHIFT, TURN, ZOOM = 2 / 28, 10 / 360, 0.1
CLASSIFIER_BATCH_SIZE = 128
CLASSIFIER_EPOCHS = 3


class Images(NamedTuple):
    """Images and their labels.

    Attributes:
        pixels: uint8 array `(number, height, width, channels)`.
        labels: int64 array `(number,)`.
    """

    pixels: np.ndarray
    labels: np.ndarray

    def take(self, indices):
        """Returns those of some indices, or of a mask."""
        return Images(self.pixels[indices], self.labels[indices])

    def add(self, pixels, label):
        """Returns these and more images of one class."""
        labels = np.full(len(pixels), label)
        return Images(
            np.concatenate([self.pixels, pixels]),
            np.concatenate([self.labels, labels]),
        )


def choose_scarce(labels, label, number, seed):
    """Chooses the images of a class that are left of it.

    Args:
        labels: Integer array.
        label: Integer, the class.
        number: Integer. How many are left.
        seed: Integer.

    Returns:
        Array of their indices, in rising order.
    """
    found = np.flatnonzero(labels == label)
    random = np.random.default_rng([seed, label])
    return np.sort(random.choice(found, number, replace=False))


def num_missing(labels, label):
    """How many images a class lacks to have as many as the others do."""
    counts = np.bincount(labels)
    return round(np.delete(counts, label).mean()) - int(counts[label])


def fill(images, label, generated, seed):
    """Fills a class in each of the ways that are compared.

    Args:
        images: `Images`, of which a class is scarce.
        label: Integer, the class.
        generated: uint8 array of images of the class, drawn from a model, as
            many as are missing.
        seed: Integer. Of the augmentation.

    Returns:
        Dictionary of `Images` by the names of the ways.
    """
    number = len(generated)
    scarce = images.pixels[images.labels == label]
    repeated = np.resize(scarce, generated.shape)
    augmented = augment(repeated, seed)
    half = number // 2
    both = np.concatenate([augmented[:half], generated[half:]])
    return {
        "as it is": images,
        "repeated": images.add(repeated, label),
        "augmented": images.add(augmented, label),
        "ALI": images.add(generated, label),
        "both": images.add(both, label),
    }


def augment(pixels, seed):
    """Shifts, turns and zooms images at random.

    Args:
        pixels: uint8 array `(number, height, width, channels)`.
        seed: Integer.

    Returns:
        uint8 array of the same shape.
    """
    border = {"fill_mode": "nearest"}
    change = keras.Sequential(
        [
            layers.RandomTranslation(SHIFT, SHIFT, seed=seed, **border),
            layers.RandomRotation(TURN, seed=seed + 1, **border),
            layers.RandomZoom(ZOOM, seed=seed + 2, **border),
        ]
    )
    changed = change(pixels.astype("float32"), training=True)
    return np.clip(np.rint(changed), 0, 255).astype("uint8")


def judge(training, held_out, label, seed):
    """Trains the classifier and measures it on held-out images.

    It is a network of two convolutions, as small as classifies both data sets
    well within seconds, so that five of them cost less than the ALI. Weights
    and order are those of the seed; with TensorFlow's deterministic
    operations so are all of its results.

    Args:
        training: `Images`.
        held_out: `Images`.
        label: Integer, the scarce class.
        seed: Integer.

    Returns:
        Dictionary of floats: `recall`, the share of held-out images of the
        class that are given it; `precision`, the share of those given it that
        are of it, 0 if there are none; `accuracy` over all classes.
    """
    keras.utils.set_random_seed(seed)
    classifier = keras.Sequential(
        [
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(int(training.labels.max()) + 1),
        ]
    )
    classifier.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    classifier.fit(
        *(training.pixels.astype("float32"), training.labels),
        batch_size=CLASSIFIER_BATCH_SIZE,
        epochs=CLASSIFIER_EPOCHS,
        verbose=0,
    )
    logits = classifier.predict(
        held_out.pixels.astype("float32"), batch_size=1000, verbose=0
    )
    return score(logits.argmax(axis=1), held_out.labels, label)


def score(predicted, labels, label):
    """Scores predicted classes. See `judge` for the result."""
    is_given, is_of_it = predicted == label, labels == label
    num_hits = np.sum(is_given & is_of_it)
    return {
        "recall": float(num_hits / is_of_it.sum()),
        "precision": float(num_hits / max(is_given.sum(), 1)),
        "accuracy": float(np.mean(predicted == labels)),
    }
