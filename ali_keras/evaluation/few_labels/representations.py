"""What a classifier is given of an image: features, each a row of numbers."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from ali_keras.errors import InputError
from ali_keras.evaluation import batchwise
from ali_keras.networks.svm_features import SVM_FEATURES
from ali_keras.networks.svm_features import with_svm_features

# PCA is fitted to this many images of the pool at most.
MAX_PCA_IMAGES = 10_000


class Representation(NamedTuple):
    """A way to see an image.

    Attributes:
        name: String.
        rows: Function of uint8 images (or floats as a model takes them)
            `(num_images, height, width, channels)`. It returns floats
            `(num_images, num_features)`.
        num_features: Integer.
    """

    name: str
    rows: Callable
    num_features: int


def of_encoder(name, model, features):
    """Features of a model's averaged encoder, with population statistics.

    Args:
        name: String, the representation's.
        model: `ALI`.
        features: One of `SVM_FEATURES`, or an output of the encoder, such as
            "z_mean".

    Raises:
        InputError: see `check_encoder`.
    """
    check_encoder(model)
    network, output = model.encoder_ema, features
    if features in SVM_FEATURES:
        network, output = with_svm_features(network, features), "svm_features"

    def rows(images):
        parts = [
            network.predict_on_batch(batch)[output]
            for batch in batchwise.batches(images)
        ]
        return np.concatenate(parts)

    return Representation(name, rows, network.output[output].shape[-1])


def check_encoder(model):
    """Raises `InputError` if the encoder takes more than images.

    Features that know the label say nothing of what labels are worth.
    """
    if len(model.encoder_ema.inputs) != 1:
        raise InputError(
            "The encoder must take images alone, for features. Received: "
            f"inputs {[each.name for each in model.encoder_ema.inputs]}"
        )


def of_pixels(shape):
    """The pixels themselves, in [0, 1].

    Args:
        shape: Tuple `(height, width, channels)`.
    """
    return Representation("pixels", batchwise.as_rows, int(np.prod(shape)))


def of_principal_components(images, num_features):
    """Coordinates along the principal components of the pixels.

    Args:
        images: uint8 array of the pool. The first `MAX_PCA_IMAGES` are used;
            labels are not.
        num_features: Integer. An array of fewer pixels, or fewer images, has
            fewer components.
    """
    rows = batchwise.as_rows(images[:MAX_PCA_IMAGES])
    num_features = min(num_features, *rows.shape)
    pca = PCA(num_features, svd_solver="covariance_eigh").fit(rows)
    return Representation(
        f"pca_{num_features}",
        lambda images: pca.transform(batchwise.as_rows(images)),
        num_features,
    )


def beside_baselines(kinds, model, untrained, images):
    """Representations of an encoder, and the baselines beside each.

    Args:
        kinds: List of names as `of_encoder` takes as `features`.
        model: `ALI`.
        untrained: `ALI`, see `untrained.build_untrained`.
        images: uint8 array of the pool.

    Returns:
        List of `Representation`s without repeats: each kind, the same of the
        untrained encoder, as many principal components, and the pixels.
    """
    found = {}
    for kind in kinds:
        trained = of_encoder(kind, model, kind)
        for each in (
            trained,
            of_encoder(f"{kind}_untrained", untrained, kind),
            of_principal_components(images, trained.num_features),
        ):
            found[each.name] = each
    return [*found.values(), of_pixels(images.shape[1:])]
