"""The data of a probe: a pool to draw from, validation, the test split."""

from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.image_header import MAX_IMAGE_PIXELS
from ali_keras.data.labels import NO_LABEL
from ali_keras.errors import InputError
from ali_keras.evaluation.batchwise import BATCH_SIZE
from ali_keras.progress import silent

NUM_VALIDATION = 10_000  # As the authors of ALI hold out.
SMALL_SHARE = 5  # Of a small split, a fifth is held out instead.


class LabelledData:
    """A labelled data set, as Dumoulin et al. (2017) divide it.

    The last images of the split "train" are the validation part. The others
    are the pool that labelled sets are drawn from. Both are in memory, as 8-bit
    pixels. The held-out split is streamed. If it is a slice of "train", the
    pool is what is left.

    Args:
        config: `Config` that names the data set. Its `train_split` is not
            used: the authors train SVHN's networks on the split "extra", and
            draw labelled images from "train".
        num_validation: Integer. Images of the validation part. Defaults to
            `NUM_VALIDATION`, at most a fifth of the split.
        data_dir: Folder of prepared data, if not the configuration's.
        max_image_pixels: Integer. See `splits.read_examples`.
        progress: Function as `progress.silent`.

    Attributes:
        pool: Tuple of images and labels.
        validation: Tuple likewise.
        num_classes: Integer.
        num_test: Integer. Images of the held-out split.

    Raises:
        InputError: if the data set cannot be found or has no labels, or no
            image is left for the pool.
    """

    def __init__(
        self,
        config,
        num_validation=None,
        data_dir=None,
        max_image_pixels=MAX_IMAGE_PIXELS,
        progress=silent,
    ):
        self._builder = sources.open_again(config, data_dir, max_image_pixels)
        self._check_labels()
        size, _, channels = config.image_shape
        self._reading = (size, channels)
        self._max_image_pixels = max_image_pixels
        train, self._test = splits.split_names(self._builder)
        images, labels = splits.load_arrays(
            self._builder, train, size, channels, max_image_pixels, progress
        )
        size = pool_size(len(images), num_validation)
        self.pool = images[:size], labels[:size]
        self.validation = images[size:], labels[size:]
        self.num_classes = len(sources.label_names(self._builder))
        self.num_test = self._builder.info.splits[self._test].num_examples

    def validation_batches(self):
        """Yields images and labels of the validation part, by batches."""
        images, labels = self.validation
        for start in range(0, len(images), BATCH_SIZE):
            stop = start + BATCH_SIZE
            yield images[start:stop], labels[start:stop]

    def test_batches(self):
        """Reads the held-out split; yields images and labels by batches."""
        examples = splits.read_examples(
            self._builder,
            self._test,
            *self._reading,
            as_bytes=True,
            max_image_pixels=self._max_image_pixels,
        )
        for batch in examples.batch(BATCH_SIZE):
            yield batch["image"].numpy(), batch["label"].numpy()

    def _check_labels(self):
        if not sources.has_labels(self._builder):
            raise InputError(
                "The data set must have labels: a feature 'label', or one "
                f"sub-folder a class. Received: {self._builder.name}, with "
                f"{sorted(self._builder.info.features)}"
            )


def pool_size(num_images, num_validation=None):
    """Returns how many images of the training split are not validation's.

    Raises:
        InputError: if none are.
    """
    if num_validation is None:
        num_validation = min(NUM_VALIDATION, num_images // SMALL_SHARE)
    if not 0 < num_validation < num_images:
        raise InputError(
            "num_validation must be above 0 and leave images of the training "
            f"split, which has {num_images}. Received: {num_validation}"
        )
    return num_images - num_validation


def labelled(batches):
    """Yields the batches without the images that have no label.

    Raises:
        InputError: if no image has one.
    """
    is_empty = True
    for images, labels in batches:
        kept = labels != NO_LABEL
        if kept.any():
            is_empty = False
            yield images[kept], labels[kept]
    if is_empty:
        raise InputError(
            "The images for validation and those of the held-out split must "
            f"have labels. Received: labels that are all {NO_LABEL}"
        )
