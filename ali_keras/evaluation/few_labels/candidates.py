"""The images of a split to choose from, as their codes."""

import numpy as np

from ali_keras.data import sources
from ali_keras.data import splits
from ali_keras.data.image_header import MAX_IMAGE_PIXELS
from ali_keras.evaluation.batchwise import num_batches
from ali_keras.evaluation.encode_split import encode_opened
from ali_keras.evaluation.few_labels.representations import check_encoder
from ali_keras.progress import silent

KEPT = ("z_mean", "features", "label", "file")


def read(
    model,
    config,
    split=None,
    data_dir=None,
    max_image_pixels=MAX_IMAGE_PIXELS,
    progress=silent,
):
    """Encodes a split; holds its codes in memory, and one batch of images.

    Args:
        model: `ALI`.
        config: `Config` that names the data set.
        split: TFDS split or slice. `None`: the one that was trained on.
        data_dir: Folder of prepared data, if not the configuration's.
        max_image_pixels: Integer. See `splits.read_examples`.
        progress: Function as `progress.silent`.

    Returns:
        Tuple of the split, the names of the classes (or `None`), and a
        dictionary of arrays, one row an image in the stored order: `z_mean`,
        `features` if the encoder has them; where there are labels, `label`;
        for a folder `file`, the path of each image below it, as bytes.

    Raises:
        InputError: if the data set cannot be found, the split is empty, or
            the encoder takes more than images.
    """
    check_encoder(model)
    builder = sources.open_again(config, data_dir, max_image_pixels)
    split = split or splits.split_names(builder, config.train_split)[0]
    num_examples, batches = encode_opened(
        model, config, builder, split, max_image_pixels=max_image_pixels
    )
    total = num_batches(num_examples)
    title = f"Encoding {num_examples:,} images"
    parts = [
        {name: batch[name] for name in KEPT if name in batch}
        for batch in progress(batches, total, title)
    ]
    joined = {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}
    return split, sources.label_names(builder), joined
