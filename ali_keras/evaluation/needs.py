"""What metrics are computed from. Each need is computed once, if ever."""

import functools

import numpy as np

from ali_keras.data.labels import NO_LABEL
from ali_keras.evaluation import batchwise
from ali_keras.evaluation import classifiers
from ali_keras.evaluation import mixtures
from ali_keras.evaluation.untrained import build_untrained
from ali_keras.progress import silent

NUM_MIXTURE_SAMPLES = 10_000  # As Dumoulin et al. (2017) draw.

# By the name of a need, the attributes of `Needs` that it stands for.
NEEDS = {
    "images": ("gallery", "queries"),
    "mixture": ("mixture", "queries"),
    "labels": ("gallery_labels", "labels"),
    "codes": ("gallery_codes", "query_codes"),
    "codes_of_images_alone": ("gallery_codes", "query_codes"),
    "untrained_codes": ("untrained_gallery_codes", "untrained_query_codes"),
    "reconstructions": ("queries", "reconstructions"),
    "samples": ("num_samples", "samples"),
    "sample_labels": ("samples", "sample_labels"),
    "sample_attributes": ("samples", "sample_labels", "labels"),
    "attribute_classifier": ("attribute_classifier", "attribute_names"),
    "class_probabilities": ("class_probabilities",),
    "label_classifier": ("label_classifier",),
    "probability_classifier": ("probability_classifier",),
}


class Needs:
    """A trained model, its data, and what follows from both.

    Codes are dictionaries of arrays, see `batchwise.encode`.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        train: Tuple of the gallery and its integer labels (or `None`).
        held_out: Tuple likewise, of the queries. Images are uint8, or floats
            as the model takes them.
        num_samples: Integer. Images drawn from the prior, with seed 0; of a
            known mixture `NUM_MIXTURE_SAMPLES` points instead.
        progress: Function as `progress.silent`: shows what is being done.
            Every metric may use it.
        attribute_names: List of strings, of a model of attributes. Defaults
            to their places.
    """

    def __init__(
        self,
        model,
        config,
        train,
        held_out,
        num_samples,
        progress=silent,
        attribute_names=None,
    ):
        self.progress = progress
        self.model = model
        self.config = config
        self.gallery, self.gallery_labels = train
        self.queries, self.labels = held_out
        self.is_labelled = _is_labelled(self.gallery_labels, self.labels)
        self.is_of_attributes = _is_of_attributes(
            model, self.gallery_labels, self.labels
        )
        self.attribute_names = attribute_names
        if self.is_of_attributes and attribute_names is None:
            places = range(model.condition.size)
            self.attribute_names = [str(place) for place in places]
        self.mixture = mixtures.find(config.dataset)
        self.num_samples = NUM_MIXTURE_SAMPLES if self.mixture else num_samples

    def has(self, need):
        """Whether a need is met: data may lack labels, or be no mixture.

        A model may tell no classes.

        Args:
            need: String, a key of `NEEDS`. "images" are any data but those
                of a known mixture, which has metrics of its own. There are
                no "codes_of_images_alone" where the encoder is told a label:
                it may pass the label on, untrained too. Attributes other than 0
            and 1 cannot be told.

        Raises:
            ValueError: if there is no such need.
        """
        if need not in NEEDS:
            raise ValueError(
                f"A metric's needs must be of {list(NEEDS)}. Received: {need}"
            )
        if need == "sample_labels":
            return bool(self.model.num_classes)
        if need in ("sample_attributes", "attribute_classifier"):
            return self.is_of_attributes
        if need == "codes_of_images_alone":
            return self.model.condition is None
        if need in ("images", "mixture"):
            return bool(self.mixture) == (need == "mixture")
        if need == "class_probabilities":
            return bool(self.model.discriminator_classes)
        if need in ("labels", "label_classifier", "probability_classifier"):
            return self.is_labelled
        return True

    @functools.cached_property
    def gallery_codes(self):
        """The gallery's codes."""
        return self._encode(self.model, self.gallery, self.gallery_labels)

    @functools.cached_property
    def query_codes(self):
        """The queries' codes."""
        return self._encode(self.model, self.queries, self.labels)

    @functools.cached_property
    def untrained_gallery_codes(self):
        """The gallery's codes, by the untrained encoder."""
        return self._encode(self._untrained, self.gallery, self.gallery_labels)

    @functools.cached_property
    def untrained_query_codes(self):
        """The queries' codes, by the untrained encoder."""
        return self._encode(self._untrained, self.queries, self.labels)

    @functools.cached_property
    def _untrained(self):
        return build_untrained(
            self.config, self.gallery, self.progress, self.gallery_labels
        )

    def _encode(self, model, images, labels):
        return batchwise.encode(model, images, self.progress, labels)

    @functools.cached_property
    def reconstructions(self):
        """The queries' reconstructions: floats, as the model decodes."""
        return batchwise.decode(
            self.model, self.query_codes["z_mean"], self.progress, self.labels
        )

    @functools.cached_property
    def samples(self):
        """Array of `num_samples` images: floats, as the model decodes.

        Of a conditional model the classes come in turn; attributes are those
        of the queries.
        """
        return batchwise.generate(
            self.model, self.num_samples, labels=self.sample_labels
        )

    @functools.cached_property
    def sample_labels(self):
        """What a conditional model was told for `samples`; else `None`."""
        condition = self.model.condition
        if condition is None:
            return None
        if condition.num_classes:
            return condition.examples(self.num_samples)
        return np.resize(self.labels, (self.num_samples, condition.size))

    @functools.cached_property
    def class_probabilities(self):
        """Dictionary of the queries' probabilities, by the kind of z."""
        return batchwise.classify(self.model, self.queries, self.progress)

    @functools.cached_property
    def label_classifier(self):
        """The classifier of images that gives labels."""
        return classifiers.fit_label_classifier(
            self.gallery, self.gallery_labels, self.progress
        )

    @functools.cached_property
    def attribute_classifier(self):
        """The classifier of images that tells each attribute."""
        return classifiers.AttributeClassifier(
            self.gallery, self.gallery_labels, self.progress
        )

    @functools.cached_property
    def probability_classifier(self):
        """The classifier of images that gives each class a probability."""
        return classifiers.fit_probability_classifier(
            self.gallery, self.gallery_labels, self.progress
        )


def _is_labelled(*labels):
    """Whether all splits have class labels, and all of their images."""
    return all(
        x is not None and x.ndim == 1 and NO_LABEL not in x for x in labels
    )


def _is_of_attributes(model, *labels):
    """Whether a model is told attributes, and each is 0 or 1."""
    return bool(
        model.condition
        and not model.condition.num_classes
        and all(np.isin(x, (0, 1)).all() for x in labels)
    )
