"""Writes a servable: the SavedModel, and beside it what it says of itself."""

from ali_keras import files
from ali_keras.data.preprocessing import describe_preprocessing
from ali_keras.errors import InputError
from ali_keras.workdir.record import describe_run

from . import model_card
from . import servables
from . import warmup
from .encoded_images import MAX_IMAGE_PIXELS
from .signatures import Signatures


class ServableWriter:
    """Writes the servables of one model.

    Args:
        model: `ALI`.
        config: `Config` of its training.
        batch_size: Integer: the servables take such batches alone. `None`:
            batches of any size.
        image_dtype: "float32", images in [0, 1] (or points), or "uint8".
        record: Dictionary of the training, see `record.describe_run`, or
            `None`.
        metrics: Dictionary of its evaluation, or `None`.
        max_image_pixels: Integer. Pixels that an encoded image may have.

    Raises:
        InputError: if points are to be 8-bit images.
    """

    def __init__(
        self,
        model,
        config,
        batch_size,
        image_dtype,
        record,
        metrics,
        max_image_pixels=MAX_IMAGE_PIXELS,
    ):
        if image_dtype == "uint8" and not model.bounded:
            raise InputError(
                "image_dtype must be float32 for points, which are no images. "
                f"Received: {image_dtype}"
            )
        self.config = config
        self.record = record or {}
        self.metrics = metrics
        self.signatures = Signatures(
            model, config.dataset, batch_size, image_dtype, max_image_pixels
        )
        self.description = describe(
            model, config, self.record.get("labels"), image_dtype, batch_size
        )
        self.description["max_image_pixels"] = max_image_pixels
        self.documents = {
            "servable.json": self.description,
            "config.json": config.values(),
            "record.json": {
                "training": self.record,
                "export": describe_run(
                    self.record.get("epochs", config.epochs)
                ),
            },
        }

    def write(self, name, path):
        """Writes a servable.

        Args:
            name: "encoder", "decoder", "classifier" or "reconstructor".
            path: Path of the SavedModel.
        """
        archive = getattr(self.signatures, name)()
        archive.write_out(str(path), verbose=False)
        for document, value in self.documents.items():
            files.write_json(path / servables.EXTRA / document, value)
        loaded = servables.load(path)
        card = model_card.write(
            name,
            loaded.signatures,
            self.description,
            self.config,
            self.record,
            self.metrics,
        )
        files.write_bytes(path / servables.CARD, card.encode())
        warmup.write(path, name, loaded.signatures)


def describe(
    model, config, labels=None, image_dtype="float32", batch_size=None
):
    """Describes the servables of a model.

    Args:
        model: `ALI`.
        config: `Config`.
        labels: Names of the data's classes, or `None`.
        image_dtype: "float32" or "uint8".
        batch_size: Integer, or `None` for any.

    Returns:
        Dictionary that `json` can write: `image_shape`, `image_dtype`,
        `image_range` (`None` for points), `latent_dim`, `prior`,
        `batch_size`, `dataset`, `preprocessing` in words, `labels`, and of a
        model of a condition its kind, `conditional`, and size, `label_dim`.
    """
    size, _, channels = shape = model.input_shape[1:]
    image_range = [0, 255] if image_dtype == "uint8" else [0.0, 1.0]
    preprocessing = describe_preprocessing(
        (None, None, None), size, channels, config.dataset
    )
    return {
        "image_shape": list(shape),
        "image_dtype": image_dtype,
        "image_range": image_range if model.bounded else None,
        "latent_dim": model.latent_dim,
        "prior": model.prior,
        "batch_size": batch_size,
        "dataset": config.dataset,
        "preprocessing": preprocessing if model.bounded else None,
        "labels": labels,
        "conditional": config.conditional,
        "label_dim": config.label_dim,
    }
