"""Draws images from a trained model.

python -m tools.generate --workdir=runs/demo --num_images=100

Writes a grid (png), or a data set to augment another: arrays of images and
their z (npz), or tf.train.Examples with a PNG image each (tfrecord). Points in
the plane are written as npz only. A grid holds up to 10,000 images. The other
formats hold any number: memory does not grow with it.

A conditional model draws its classes in turn, or --labels=3,1,4 in turn, one a
column. --vary_labels draws one z a row, so that columns differ in the class
alone. --label_counts=7:500,1:20 draws so many of each class into a folder that
`tools.train --dataset=folder:PATH` reads (or into another --format).
"""

from absl import flags

from ali_keras.command_line import common_flags
from ali_keras.command_line import label_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained
from ali_keras.errors import InputError

common_flags.declare(
    __name__, "workdir", "checkpoint", "output", "format", "seed", "num_images"
)
LABELS = flags.DEFINE_string(
    "labels", None, "Classes to draw in turn, such as 3,1,4. Default: all."
)
LABEL_COUNTS = flags.DEFINE_string(
    "label_counts", None, "Images of each class, such as 7:500,1:20."
)
VARY_LABELS = flags.DEFINE_bool(
    "vary_labels", False, "One z a row, one class a column."
)


def main():
    """Loads the model, draws, writes one file or one folder."""
    from ali_keras.writing import images as image_files

    _check_flags()
    default = common_flags.FOLDER if LABEL_COUNTS.value else "png"
    formats = [*image_files.WRITERS, common_flags.FOLDER]
    path, form = common_flags.output("generated", default, formats)
    trained = Trained()
    path = trained.output(path)
    labels = _labels(trained)
    number = common_flags.NUM_IMAGES.value if labels is None else len(labels)
    write = _writer(form, trained)
    if form == "png":
        _draw_grid(write, path, trained.model, number, labels)
    else:
        write(path, number, _batches(trained.model, number, labels))
    print(f"Wrote {number} images to {path}.")


def _check_flags():
    if LABEL_COUNTS.value and (LABELS.value or VARY_LABELS.value):
        raise InputError(
            "--label_counts must be given without --labels and --vary_labels: "
            "it says how many images of which class. Received: both"
        )


def _labels(trained):
    """Returns the classes to draw as an array; `None`: those of the model."""
    flag, classes = "--vary_labels", [0]
    if LABEL_COUNTS.value:
        flag = "--label_counts"
        classes = label_flags.parse_label_counts(LABEL_COUNTS.value)
    elif LABELS.value:
        flag = "--labels"
        classes = label_flags.parse_labels(LABELS.value)
    elif not VARY_LABELS.value:
        return _default_labels(trained)
    for each in classes:
        trained.check_class(flag, each)
    if LABEL_COUNTS.value:
        return label_flags.repeated(classes)
    classes = classes if LABELS.value else range(trained.model.num_classes)
    number = common_flags.NUM_IMAGES.value
    if VARY_LABELS.value:  # Whole rows.
        number = max(1, number // len(classes)) * len(classes)
    return label_flags.in_turn(classes, number)


def _default_labels(trained):
    condition = trained.model.condition
    if condition is None:
        return None
    if not condition.num_classes:
        raise InputError(
            "The model must be one of classes, or of no condition; one of "
            "attributes draws in Python: model.generate(number, "
            "labels=vectors). Received: a model of conditional=attributes"
        )
    return condition.examples(common_flags.NUM_IMAGES.value)


def _writer(form, trained):
    """Returns a function of a path, a number and batches, see `WRITERS`."""
    from ali_keras.writing import image_folders
    from ali_keras.writing import images as image_files

    if form != common_flags.FOLDER:
        if VARY_LABELS.value and form != "png":
            raise InputError(
                f"--vary_labels must be drawn as png. Received: {form}"
            )
        return image_files.writer(form, trained.model.bounded)
    image_files.writer("png", trained.model.bounded)  # Or points are refused.
    if trained.model.num_classes is None:
        raise InputError(
            "--format must be another than folder for a model without "
            f"--conditional=labels. Received: {form}"
        )
    names = trained.record().get("labels")

    def write(path, number, batches):
        del number
        image_folders.write_image_folder(path, batches, names)

    return write


def _draw_grid(write, path, model, number, labels):
    from ali_keras.evaluation import batchwise
    from ali_keras.plotting import grids

    grids.check_number(number)
    columns = grids.NUM_COLUMNS
    if LABELS.value:
        columns = len(label_flags.parse_labels(LABELS.value))
    elif VARY_LABELS.value or (model.num_classes or 99) <= grids.MAX_COLUMNS:
        columns = model.num_classes
    if VARY_LABELS.value:
        num_rows = number // columns
        z = model.sample_prior(num_rows, common_flags.SEED.value)
        batches = batchwise.decode_batches(model, z, labels, columns)
    else:
        batches = _batches(model, number, labels)
    write(path, number, batches, columns)


def _batches(model, number, labels):
    from ali_keras.evaluation import batchwise
    from ali_keras.progress import shown

    seed = common_flags.SEED.value
    batches = batchwise.generate_batches(model, number, seed, labels)
    total = batchwise.num_batches(number)
    return shown(batches, total, f"Drawing {number:,} images")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
