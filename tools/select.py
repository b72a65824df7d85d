"""Chooses which images to label next.

python -m tools.select --workdir=runs/demo --num_images=100 --strategy=coverage

Chooses among the images that the model was trained on, or of --split, without
those of --labelled. Writes a list with the reasons, selection.json: of each
image the index in its split, in a folder also the file. An --output that ends
in .csv is a table. Give it a column "label" and it is a --labelled of the next
round.
"""

import os

from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained

common_flags.declare(
    __name__,
    "workdir",
    "checkpoint",
    "output",
    "dataset",
    "data_dir",
    "split",
    "max_image_pixels",
    "seed",
    "num_images",
    "strategy",
)
LABELLED = flags.DEFINE_multi_string(
    "labelled",
    [],
    "File of the images that are labelled, JSON or CSV, with an index or a "
    "file for each; may be repeated. Labels stand in a column label, or are "
    "the data set's. margin needs them; coverage begins with these images.",
)


def main():
    """Loads the model, encodes the candidates, chooses, writes one file."""
    from ali_keras.evaluation.few_labels import candidates
    from ali_keras.evaluation.few_labels import labelled_files
    from ali_keras.evaluation.few_labels import selection
    from ali_keras.progress import shown
    from ali_keras.writing import selections

    strategy = common_flags.selection()
    path, form = common_flags.output("selection", "json", selections.WRITERS)
    known = [x for name in LABELLED.value for x in labelled_files.read(name)]
    trained = Trained()
    path, config = trained.output(path), trained.config
    config = config.replace(
        dataset=common_flags.DATASET.value or config.dataset
    )
    split, names, codes = candidates.read(
        trained.model,
        config,
        common_flags.SPLIT.value,
        progress=shown,
        **common_flags.reading(),
    )
    is_labelled, labels = labelled_files.resolve(known, codes, names, split)
    seed, number = common_flags.SEED.value, common_flags.NUM_IMAGES.value
    found = selection.choose(strategy, codes, is_labelled, labels, number, seed)
    description = {
        "strategy": strategy,
        "dataset": config.dataset,
        "split": split,
        "seed": seed,
        "step": trained.step,
        "num_candidates": len(is_labelled),
        "num_labelled": int(is_labelled.sum()),
    }
    images = [_image(place, split, why, codes) for place, why in found]
    selections.WRITERS[form](path, description, images)
    print(f"Wrote {number} images of {split}, by {strategy}, to {path}.")


def _image(place, split, reason, codes):
    """Returns what the list says of one image."""
    image = {"index": place, "split": split}
    if "file" in codes:
        image["file"] = os.fsdecode(codes["file"][place])
    return {**image, **reason}


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
