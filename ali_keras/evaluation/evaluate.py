"""Numbers that say whether the model learned, each beside its baseline."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from ali_keras.architectures import ARCHITECTURES
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.preprocessing import to_float
from ali_keras.evaluation import inception_score
from ali_keras.evaluation import mixtures
from ali_keras.model.build import build_model

# The classifier that judges images is fitted to this many training images at
# most: its cost grows faster than their number.
MAX_CLASSIFIER_IMAGES = 10_000
NUM_JUDGE_EPOCHS = 20
NUM_MIXTURE_SAMPLES = 10_000  # As Dumoulin et al. (2017) draw.
BATCH_SIZE = 500


def evaluate(model, config, train, held_out, num_samples=1000):
    """Computes all metrics of a trained model.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        train: Tuple of uint8 images and integer labels (or `None`): the
            gallery of the nearest neighbours, the classifier's training data.
        held_out: Tuple likewise: the queries.
        num_samples: Integer. Images drawn from the prior, with seed 0.

    Returns:
        Dictionary of metrics. Without labels, the reconstruction error alone.
        Of a mixture of Gaussians, those of `mixtures.measure` instead, from
        `NUM_MIXTURE_SAMPLES` samples.
    """
    mixture = mixtures.find(config.dataset)
    if mixture:
        return _evaluate_mixture(model, mixture, held_out[0])
    gallery, gallery_labels = _to_float(train)
    queries, labels = _to_float(held_out)
    reconstructions = reconstruct(model, queries)
    metrics = {
        "num_gallery": len(gallery),
        "num_queries": len(queries),
        "reconstruction_error": float(
            np.mean((queries - reconstructions) ** 2)
        ),
    }
    if labels is None:
        return metrics
    posterior = encode(model, queries)
    if "z_log_sigma" in posterior:
        sigma = np.exp(posterior["z_log_sigma"])
        metrics["mean_sigma"] = float(sigma.mean())
    metrics["between_class_variance"] = between_class_variance(
        posterior["z_mean"], labels
    )
    metrics["nearest_neighbour_accuracy"] = _nearest_neighbour_accuracies(
        _embeddings(model, config, gallery, queries, posterior),
        gallery_labels,
        labels,
    )
    classifier = fit_classifier(gallery, gallery_labels)
    samples = generate(model, num_samples)
    shares = class_shares(classifier, samples)
    judge = fit_judge(gallery, gallery_labels)
    return {
        **metrics,
        "reconstruction_agreement": accuracy(
            classifier, reconstructions, labels
        ),
        "classifier_accuracy": accuracy(classifier, queries, labels),
        "num_classifier_images": min(len(gallery), MAX_CLASSIFIER_IMAGES),
        "num_samples": num_samples,
        "sample_class_shares": shares,
        "smallest_class_share": min(shares.values()),
        "classifier_score": classifier_score(judge, samples),
        "classifier_score_real": classifier_score(judge, queries[:num_samples]),
    }


def _evaluate_mixture(model, mixture, points):
    samples = generate(model, NUM_MIXTURE_SAMPLES)
    reconstructions = reconstruct(model, points)
    arrays = (samples, points, reconstructions)
    return mixtures.measure(mixture, *map(_flatten, arrays))


def _embeddings(model, config, gallery, queries, posterior):
    # Pairs of the gallery's and the queries' codes; each is computed once.
    untrained = build_untrained(config, gallery)
    trained_codes = (encode(model, gallery), posterior)
    initial_codes = (encode(untrained, gallery), encode(untrained, queries))
    embeddings = {}
    for name in ("z_mean", "features"):
        embeddings[name] = [codes[name] for codes in trained_codes]
        embeddings[f"{name}_untrained"] = [
            codes[name] for codes in initial_codes
        ]
    return {**embeddings, "pixels": (gallery, queries)}


def _nearest_neighbour_accuracies(embeddings, gallery_labels, labels):
    return {
        name: nearest_neighbour_accuracy(
            gallery, gallery_labels, queries, labels
        )
        for name, (gallery, queries) in embeddings.items()
    }


def encode(model, images):
    """Encodes many images: `z_mean`, `z_log_sigma`, `features` as arrays."""
    return model.encoder_ema.predict(images, batch_size=BATCH_SIZE, verbose=0)


def reconstruct(model, images):
    """Reconstructs many images, as an array."""
    return model.predict(images, batch_size=BATCH_SIZE, verbose=0)


def generate(model, num_images, seed=0):
    """Draws many images, as an array; the first n are those of any n."""
    z = model.sample_prior(num_images, seed)
    return model.decoder_ema.predict(z, batch_size=BATCH_SIZE, verbose=0)


def build_untrained(config, images):
    """Builds the initial model, batch normalization fitted to the data.

    Args:
        config: `Config`.
        images: float32 array in [0, 1].

    Returns:
        `ALI`.
    """
    model = build_model(config)
    # Enough batches that the initial statistics have faded.
    for step in range(100):
        start = step * config.batch_size % len(images)
        model.encoder(images[start : start + config.batch_size], training=True)
    model.encoder_ema.set_weights(model.encoder.get_weights())
    return model


def nearest_neighbour_accuracy(gallery, gallery_labels, queries, labels):
    """Share of queries whose Euclidean nearest neighbour bears their label."""
    classifier = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
    classifier.fit(_flatten(gallery), gallery_labels)
    return float(classifier.score(_flatten(queries), labels))


def between_class_variance(codes, labels):
    """Share of the codes' total variance that lies between class means."""
    classes, members = np.unique(labels, return_inverse=True)
    means = np.stack([codes[labels == label].mean(0) for label in classes])
    return float(means[members].var(0).sum() / codes.var(0).sum())


def nearest_neighbours(gallery, queries):
    """Returns the image of the gallery nearest to each query, by pixels."""
    classifier = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
    classifier.fit(_flatten(gallery), np.zeros(len(gallery)))
    nearest = classifier.kneighbors(_flatten(queries), return_distance=False)
    return gallery[nearest[:, 0]]


def fit_classifier(images, labels):
    """Fits the fixed classifier of images: `SVC`, RBF, default settings.

    It sees the first `MAX_CLASSIFIER_IMAGES` images.
    """
    images = _flatten(images[:MAX_CLASSIFIER_IMAGES])
    return SVC().fit(images, labels[:MAX_CLASSIFIER_IMAGES])


def fit_judge(images, labels):
    """Fits the classifier of `classifier_score`: `MLPClassifier`.

    It has one hidden layer of 100, scikit-learn's default, and passes
    `NUM_JUDGE_EPOCHS` times over the first `MAX_CLASSIFIER_IMAGES` images.
    """
    images = _flatten(images[:MAX_CLASSIFIER_IMAGES])
    labels = labels[:MAX_CLASSIFIER_IMAGES]
    judge = MLPClassifier(random_state=0)  # An SVC gives no probabilities.
    for _ in range(NUM_JUDGE_EPOCHS):
        judge.partial_fit(images, labels, classes=np.unique(labels))
    return judge


def classifier_score(judge, images):
    """Computes the Inception score with a classifier of these classes.

    The classifier is our own: compare the score with that of real images, not
    with published ones. See `inception_score.from_probabilities`.

    Args:
        judge: A classifier with `predict_proba`, see `fit_judge`.
        images: float32 array `(num_images, height, width, channels)`.

    Returns:
        Float.
    """
    probabilities = judge.predict_proba(_flatten(images))
    return inception_score.from_probabilities(probabilities)


def accuracy(classifier, images, labels):
    """Share of images that the classifier gives their label."""
    return float(classifier.score(_flatten(images), labels))


def class_shares(classifier, images):
    """Share of the images that the classifier puts into each class."""
    predicted = classifier.predict(_flatten(images))
    return {
        str(label): float(np.mean(predicted == label))
        for label in classifier.classes_
    }


def load_splits(config, data_dir=None):
    """Loads the training and the held-out split of a run's data set.

    Args:
        config: `Config`.
        data_dir: Folder of prepared data, if not the configuration's.

    Returns:
        Two tuples of images, as `splits.load_arrays` has them, and labels (or
        `None`).

    Raises:
        InputError: if the data set cannot be found.
    """
    return tuple(_load(config, data_dir, slice(None)))


def load_held_out(config, data_dir=None):
    """Loads the held-out split alone. See `load_splits`."""
    [held_out] = _load(config, data_dir, slice(1, None))
    return held_out


def _load(config, data_dir, which):
    builder = sources.open_again(config, data_dir)
    size = ARCHITECTURES[config.architecture].image_size
    return [
        splits.load_arrays(builder, split, size, config.channels)
        for split in splits.split_names(builder, config.train_split)[which]
    ]


def _to_float(split):
    images, labels = split
    return to_float(images), labels


def _flatten(images):
    return images.reshape(len(images), -1)
