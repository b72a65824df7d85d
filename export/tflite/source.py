"""What .tflite files are made of: SavedModels, and data for ranges."""

import functools

import numpy as np

from ali_keras import fixed_batches
from ali_keras import noise
from ali_keras.config import Config
from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.errors import InputError
from ali_keras.latents import prior

from .. import servables
from . import convert

NUM_REPRESENTATIVE = 500


class Source:
    """An encoder and a decoder as SavedModels.

    Args:
        saved_models: Path of the folder that holds encoder/N and decoder/N.
        version: Integer; `None` is the encoder's newest.
        batch_size: Integer, the batch that the files will take. `None` is the
            SavedModels' own, where that is fixed, else 1.
        data_dir: Folder of prepared data, if not the training's.

    Raises:
        InputError: if there are no such SavedModels, or they take batches of
            another size.
    """

    def __init__(
        self, saved_models, version=None, batch_size=None, data_dir=None
    ):
        # By name: the classifier too, if there is one.
        self.paths = servables.find_pair(saved_models, version)
        encoder = self.paths["encoder"]
        self.description = servables.read_description(encoder)
        self.config = Config.read(encoder / servables.EXTRA / "config.json")
        self.data_dir = data_dir
        fixed = self.description["batch_size"]
        self.batch_size = batch_size or fixed or 1
        if fixed not in (None, self.batch_size):
            raise InputError(
                "--batch_size must be the SavedModels' own where they have "
                f"one, {fixed}. Received: {self.batch_size}"
            )

    def convert(self, name, quantization="none", examples=None):
        """Converts a servable, see `convert.convert`."""
        return convert.convert(
            self.paths[name], name, self.batch_size, quantization, examples
        )

    def dataset(self, name=None):
        """Returns the name, or else that of the training's data set."""
        return name or self.config.dataset

    @functools.cached_property
    def networks(self):
        """The loaded SavedModels by name."""
        return {name: servables.load(p) for name, p in self.paths.items()}

    def select_inputs(self, name, signature, fields):
        """Takes a signature's inputs, see `servables.select_inputs`."""
        function = self.networks[name].signatures[signature]
        return servables.select_inputs(function, fields)

    def representative_examples(self, dataset=None):
        """Reads and makes what tells int8 the ranges of its numbers.

        The decoder gets as many draws from the prior as there are images, and
        the encoder's means of these images. Further inputs are read from the
        data set, by their names.

        Args:
            dataset: Name of a data set, TFDS' or folder:PATH. `None` is the
                training's.

        Returns:
            Dictionary: for each servable a dictionary of the arrays that it
            takes, by name. They are of the first
            `NUM_REPRESENTATIVE` examples of the training split.

        Raises:
            InputError: if the data set cannot be read or lacks an input, or
                the SavedModels take images of 8 bits.
        """
        self._check_image_dtype()
        fields = self._read_fields(self.dataset(dataset))
        encode = self.networks["encoder"].signatures["encode"]
        inputs = servables.select_inputs(encode, fields)
        means = fixed_batches.run(encode, self.batch_size, **inputs)["z_mean"]
        draws = prior.sample(
            self.description["prior"], noise.fold(0, noise.PRIOR), means.shape
        )
        twice = {k: np.concatenate([rows] * 2) for k, rows in fields.items()}
        twice["z"] = np.concatenate([means, draws])
        return {
            name: self._select_all(name, twice if name == "decoder" else fields)
            for name in self.paths
        }

    def _select_all(self, name, fields):
        selected = {}
        for signature in servables.DETERMINISTIC[name]:
            selected |= self.select_inputs(name, signature, fields)
        return selected

    def _check_image_dtype(self):
        # Quantization takes the decoder's rounding for one more layer, and
        # its images come out wrong.
        if self.description["image_dtype"] != "float32":
            raise InputError(
                "int8 must be made of SavedModels that take float32 images. "
                f"Received: {self.description['image_dtype']}"
            )

    def _read_fields(self, dataset):
        if not dataset:
            raise InputError(
                "--representative_dataset must be given: the SavedModels do "
                "not say what they were trained on"
            )
        config = self.config
        if dataset != config.dataset:  # Whose splits may have other names.
            config = config.replace(dataset=dataset, train_split=None)
        builder = sources.open_again(config, self.data_dir)
        split, _ = splits.split_names(builder, config.train_split)
        size, _, channels = self.description["image_shape"]
        attributes = config.conditional == "attributes"
        examples = splits.read_examples(
            builder, split, size, channels, attributes=attributes
        )
        rows = list(examples.take(NUM_REPRESENTATIVE).as_numpy_iterator())
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}
