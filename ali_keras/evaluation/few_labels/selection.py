"""Which images to label next: at random, to cover z, or the least sure."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from ali_keras.errors import InputError
from ali_keras.evaluation.few_labels.fitting import Counter

STRATEGIES = ("random", "coverage", "margin")
MAX_ITERATIONS = 1000


def choose(strategy, codes, chosen, labels, num_images, seed=0):
    """Chooses images by a strategy.

    Args:
        strategy: One of `STRATEGIES`.
        codes: Dictionary of arrays, one row a candidate: `z_mean`, and
            `features` if the encoder has them.
        chosen: Boolean array `(num_candidates,)`. Those that are labelled
            already, and are not chosen again.
        labels: Array `(num_candidates,)` of strings: the labels, for
            "margin"; empty where there is none.
        num_images: Integer.
        seed: Integer. Fixes a random choice.

    Returns:
        List of pairs in the order of choice: a place among the candidates,
        and a dictionary, the reason. Its entry `reason` says it in words.

    Raises:
        InputError: if there are fewer images, or too few labels.
    """
    num_left = int(np.count_nonzero(~chosen))
    if num_images > num_left:
        raise InputError(
            "num_images must be at most the number of images that have no "
            f"label yet, {num_left}. Received: {num_images}"
        )
    found = {
        "random": lambda: choose_random(chosen, num_images, seed),
        "coverage": lambda: choose_coverage(
            codes["z_mean"], chosen, num_images
        ),
        "margin": lambda: choose_margin(codes, labels, chosen, num_images),
    }[strategy]()
    return list(found)


def choose_random(chosen, num_images, seed):
    """Chooses at random, without repeats.

    Args:
        chosen: As for `choose`.
        num_images: Integer. At most as many as are not labelled.
        seed: Integer. Fixes the choice.

    Yields:
        Pairs as `choose` returns them.
    """
    order = np.random.default_rng(seed).permutation(np.flatnonzero(~chosen))
    for place in order[:num_images]:
        yield int(place), {"reason": f"drawn with seed {seed}"}


def choose_coverage(z, chosen, num_images):
    """Chooses to cover z: greedily, the farthest from all that is chosen.

    This is the k-centre heuristic (Gonzalez, 1985; Sener & Savarese, 2018).
    The labelled images are the first centres. Without any, the first choice
    is the image nearest to the mean of z. Of images equally far, the first is
    chosen. Distances are Euclidean.

    Args:
        z: Floats `(num_candidates, latent_dim)`.
        chosen: As for `choose`.
        num_images: Integer. At most as many as are not labelled.

    Yields:
        Pairs as `choose` returns them, with `distance`: how far the image was
        from the nearest one that was labelled or chosen before it.
    """
    z = z.astype("float64")
    distances = np.full(len(z), np.inf)
    for place in np.flatnonzero(chosen):
        distances = np.minimum(distances, _distances(z, z[place]))
    taken = chosen.copy()
    for _ in range(num_images):
        if taken.any():
            # An image like one that is chosen is left to the last.
            place = int(np.where(taken, -1.0, distances).argmax())
            distance = float(distances[place])
            words = f"{distance:.3g} in z from all that came before"
        else:
            from_mean = _distances(z, z.mean(axis=0))
            place = int(from_mean.argmin())
            distance = float(from_mean[place])
            words = f"nearest to the mean of z, {distance:.3g} from it"
        yield place, {"distance": distance, "reason": words}
        taken[place] = True
        distances = np.minimum(distances, _distances(z, z[place]))


def choose_margin(codes, labels, chosen, num_images):
    """Chooses the images of which a classifier is least sure.

    The classifier is a logistic regression of the labelled images, on the
    layer before z. Its margin is the probability of the likeliest class less
    that of the second; the smallest comes first.

    Arguments as `choose`.

    Yields:
        Pairs as `choose` returns them, with `margin` and the two classes,
        `likeliest` and `second`.

    Raises:
        InputError: if the labelled images are of fewer than two classes, or
            one has no label.
    """
    classifier = _fit(codes, labels, chosen)
    places = np.flatnonzero(~chosen)
    probabilities = classifier.predict_proba(_rows(codes)[places])
    ranked = probabilities.argsort(axis=1, kind="stable")[:, ::-1]
    ordered = np.take_along_axis(probabilities, ranked, axis=1)
    margins = ordered[:, 0] - ordered[:, 1]
    for number in margins.argsort(kind="stable")[:num_images]:
        likeliest, second = classifier.classes_[ranked[number, :2]]
        first, other = ordered[number, :2]
        yield (
            int(places[number]),
            {
                "margin": float(margins[number]),
                "likeliest": str(likeliest),
                "second": str(second),
                "reason": f"probability {first:.3f} of {likeliest}, "
                f"{other:.3f} of {second}",
            },
        )


def _fit(codes, labels, chosen):
    known = labels[chosen].astype(str)
    if "" in known:
        raise InputError(
            "The images of --labelled must have labels for --strategy=margin: "
            "the data set's, or a column label. Received: "
            f"{np.count_nonzero(known == '')} of {len(known)} without"
        )
    if len(np.unique(known)) < 2:
        raise InputError(
            "--strategy=margin must have labelled images of at least two "
            f"classes, see --labelled. Received: {len(np.unique(known))}"
        )
    # Images are only ranked by it: where it has not converged is no matter.
    classifier = LogisticRegression(max_iter=MAX_ITERATIONS)
    return Counter().fit(classifier, _rows(codes)[chosen], known)


def _rows(codes):
    return codes["features" if "features" in codes else "z_mean"]


def _distances(points, point):
    return np.sqrt(np.square(points - point).sum(axis=1))
