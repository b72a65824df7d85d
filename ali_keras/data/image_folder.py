"""A folder of images as a data set, split by what its files hold."""

import os
import pathlib
import types

import tensorflow as tf
import tensorflow_datasets as tfds

from ali_keras.data import image_files
from ali_keras.data.image_header import MAX_IMAGE_PIXELS
from ali_keras.errors import InputError

PREFIX = "folder:"
EXTENSIONS = (".jpeg", ".jpg", ".png")


class ImageFolder:
    """Images below a folder, with as much of a TFDS builder as is used here.

    Each sub-folder with images in it, at any depth below it, is a class;
    with images directly in the folder, or in one sub-folder only, there are
    no labels. An image belongs to "test" or to "train" by the SHA-256 of its
    file's content: wherever it lies, however it is called and whatever lies
    beside it, it stays in its split, and so does its duplicate. The order
    within a split is that of the hashes.

    `tfds.ImageFolder` wants the splits as folders, and Keras'
    `image_dataset_from_directory` draws them anew when a file is added.

    Args:
        path: Path of the folder.
        skip_bad_images: Boolean. Whether files that cannot be read or decoded
            are left out.
        max_image_pixels: Integer. An image of more is a bad one, and is not
            decoded.

    Attributes:
        info: `features` and `splits`, as in `tfds.core.DatasetInfo`.
        num_ignored: Integer. Files that are no images by their name, or
            hidden.
        bad_images: List of the `path` and the `reason` of each that is left
            out.

    Raises:
        InputError: if the path is no folder, the folder holds no images or
            too few for two splits, images lie both in it and in sub-folders,
            or an image is bad and not to be skipped.
    """

    name = "folder"

    def __init__(
        self,
        path,
        skip_bad_images=False,
        max_image_pixels=MAX_IMAGE_PIXELS,
    ):
        self.data_dir = os.fspath(path)
        self._folder = pathlib.Path(path)
        self._max_pixels = max_image_pixels
        paths = self._find_images()
        images, self.bad_images = image_files.examine_all(
            paths, max_image_pixels
        )
        if self.bad_images and not (skip_bad_images and images):
            self._refuse_bad_images(len(paths))
        self._classes = self._find_classes(images)
        self._images = {"train": [], "test": []}
        for image in sorted(images, key=lambda x: (x.digest, x.path)):
            self._images[_split_of(image.digest)].append(image)
        self.info = types.SimpleNamespace(
            features=self._features(images), splits=self._splits()
        )

    def as_dataset(
        self, split, shuffle_files=False, decoders=None, read_config=None
    ):
        """Streams a split: `image` uint8, `file` and, with classes, `label`.

        Args:
            split: TFDS split, slices and sums too.
            shuffle_files: `False`; there to be called as TFDS' builders are.
            decoders: Dictionary that says how `image` is decoded, if not as
                TFDS decodes it: `tfds.decode.SkipDecoding()` gives the
                content of the files.
            read_config: Not used; there likewise.

        Raises:
            ValueError: if there is no such split.
        """
        del shuffle_files, read_config
        images = self._images_of(split)
        shape = self.info.features["image"].shape
        columns = {
            "path": [os.fsencode(image.path) for image in images],
            "file": [os.fsencode(self._name(image)) for image in images],
        }
        columns = {k: tf.constant(v, tf.string) for k, v in columns.items()}
        if self._classes:
            labels = [self._label(image) for image in images]
            columns["label"] = tf.constant(labels, tf.int64)

        def load(example):
            image = tf.io.read_file(example.pop("path"))
            if not decoders:
                image = image_files.decode(image, shape[-1], self._max_pixels)
                image = tf.ensure_shape(image, shape)
            return {"image": image, **example}

        dataset = tf.data.Dataset.from_tensor_slices(columns)
        return dataset.map(load, tf.data.AUTOTUNE)

    def longest_name(self):
        """Returns the length in bytes of the longest `file`."""
        return max(
            len(os.fsencode(self._name(image)))
            for images in self._images.values()
            for image in images
        )

    def describe_files(self):
        """Says in words which files are no part of the data set."""
        notes = []
        if self.num_ignored:
            notes.append(f"other files, ignored: {self.num_ignored}")
        if self.bad_images:
            notes.append(
                "images that cannot be read, skipped: "
                f"{len(self.bad_images)}, first {_describe(self.bad_images[0])}"
            )
        return "; ".join(notes)

    def _find_images(self):
        if not self._folder.is_dir():
            raise InputError(
                f"{PREFIX}PATH must name a folder of images. Received: "
                f"{self._folder}, which is no folder"
            )
        files = list(_walk(self._folder))
        paths = [path for path in files if _is_image_name(path.name)]
        self.num_ignored = len(files) - len(paths)
        if not paths:
            raise InputError(
                f"{PREFIX}PATH must hold images, {', '.join(EXTENSIONS)}. "
                f"Received: {self._folder}, with {len(files)} other files"
            )
        return paths

    def _find_classes(self, images):
        depths = {len(self._relative(image).parts) > 1 for image in images}
        if len(depths) > 1:
            raise InputError(
                f"The images of {PREFIX}PATH must lie all in it or all in "
                "sub-folders, one a class. Received: "
                f"{self._folder}, with both"
            )
        if depths == {False}:
            return []
        classes = sorted({self._relative(image).parts[0] for image in images})
        return classes if len(classes) > 1 else []

    def _features(self, images):
        # A side is stated if all images agree on it, as TFDS' features do.
        sides = ({image.shape[axis] for image in images} for axis in (0, 1))
        height, width = (x.pop() if len(x) == 1 else None for x in sides)
        # Grey with an alpha channel is grey.
        is_grey = all(image.shape[2] <= 2 for image in images)
        shape = (height, width, 1 if is_grey else 3)
        features = {"image": tfds.features.Image(shape=shape)}
        if self._classes:
            features["label"] = tfds.features.ClassLabel(names=self._classes)
        return {**features, "file": tfds.features.Text()}

    def _splits(self):
        sizes = {name: len(images) for name, images in self._images.items()}
        if not all(sizes.values()):
            raise InputError(
                f"{PREFIX}PATH must hold enough images for two splits; about "
                f"a tenth is held out. Received: {self._folder}, with {sizes}"
            )
        template = tfds.core.ShardedFileTemplate(
            dataset_name=self.name,
            data_dir=self.data_dir,
            filetype_suffix="image",  # Never read: each split is one shard.
        )
        return tfds.core.SplitDict(
            tfds.core.SplitInfo(
                name=name,
                shard_lengths=[size],
                num_bytes=0,
                filename_template=template,
            )
            for name, size in sizes.items()
        )

    def _images_of(self, split):
        instruction = tfds.core.ReadInstruction.from_spec(split)
        return [
            image
            for part in instruction.to_absolute(self.info.splits)
            for image in self._images[part.splitname][part.from_ : part.to]
        ]

    def _label(self, image):
        return self.info.features["label"].str2int(
            self._relative(image).parts[0]
        )

    def _relative(self, image):
        return image.path.relative_to(self._folder)

    def _name(self, image):
        return self._relative(image).as_posix()

    def _refuse_bad_images(self, num_images):
        raise InputError(
            "Images must be whole JPEG or PNG files that can be read (or pass "
            "--skip_bad_images to leave out those that are not). Received: "
            f"{len(self.bad_images)} of {num_images} that are not, first "
            f"{_describe(self.bad_images[0])}"
        )


def _walk(folder, above=()):
    """Yields all files below a folder; a link back up is not followed."""
    real = folder.resolve()
    if real in above:
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _walk(path, (*above, real))
        else:
            yield path


def _is_image_name(name):
    return name.lower().endswith(EXTENSIONS) and not name.startswith(".")


def _split_of(digest):
    return "train" if int.from_bytes(digest[:8]) % 10 else "test"


def _describe(bad_image):
    return f"{bad_image.path} ({bad_image.reason})"
