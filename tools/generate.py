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

A model of attributes draws --attributes='unchanged;Eyeglasses;Bald,-Smiling',
one setting a column. What a setting does not name is off, or as
--row_attributes='Male,Young;Male' has it for each row. With --vary_labels
columns differ in the attributes alone: one z a row, or for as many rows as
--row_attributes has. --vary_labels without --attributes is each attribute
alone. --attributes=celeba_paper --row_attributes=celeba_paper are those of the
paper's figure.
"""

import numpy as np
from absl import flags

from ali_keras.command_line import attribute_flags
from ali_keras.command_line import common_flags
from ali_keras.command_line import label_flags
from ali_keras.command_line import program
from ali_keras.command_line.trained import Trained
from ali_keras.errors import InputError

common_flags.declare(
    __name__,
    "workdir",
    "checkpoint",
    "output",
    "format",
    "seed",
    "num_images",
    "attributes",
)
LABELS = flags.DEFINE_string(
    "labels", None, "Classes to draw in turn, such as 3,1,4. Default: all."
)
LABEL_COUNTS = flags.DEFINE_string(
    "label_counts", None, "Images of each class, such as 7:500,1:20."
)
VARY_LABELS = flags.DEFINE_bool(
    "vary_labels",
    False,
    "One z a row, one class, or one setting of attributes, a column.",
)
ROW_ATTRIBUTES = flags.DEFINE_string(
    "row_attributes",
    None,
    "What holds in a row whatever the column, one setting a row, in turn; or "
    "celeba_paper.",
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
    drawing = _drawing(trained)
    write = _writer(form, trained)
    if form == "png":
        _draw_grid(write, path, trained.model, drawing)
    else:
        write(path, drawing.number, _batches(trained.model, drawing))
    print(f"Wrote {drawing.number} images to {path}.")


def _check_flags():
    if LABEL_COUNTS.value and (LABELS.value or VARY_LABELS.value):
        raise InputError(
            "--label_counts must be given without --labels and --vary_labels: "
            "it says how many images of which class. Received: both"
        )
    told = common_flags.ATTRIBUTES.value
    if told and (LABEL_COUNTS.value or LABELS.value):
        raise InputError(
            "--attributes must be given without --labels and --label_counts: "
            "a model is told classes or attributes. Received: both"
        )
    if ROW_ATTRIBUTES.value and not (told or VARY_LABELS.value):
        raise InputError(
            "--row_attributes must be given with --attributes or "
            "--vary_labels, which say what the columns are. Received: "
            f"{ROW_ATTRIBUTES.value} alone"
        )


def _drawing(trained):
    condition, number = trained.model.condition, common_flags.NUM_IMAGES.value
    told = common_flags.ATTRIBUTES.value or ROW_ATTRIBUTES.value
    is_of_attributes = condition and not condition.num_classes
    if told or (VARY_LABELS.value and is_of_attributes and not LABELS.value):
        return _drawing_of_attributes(trained)
    if LABEL_COUNTS.value or LABELS.value or VARY_LABELS.value:
        return _drawing_of_classes(trained)
    if is_of_attributes:
        raise InputError(
            "--attributes or --vary_labels must be given for a model of "
            "conditional=attributes: what the images are to have. Received: "
            "neither"
        )
    labels = condition.examples(number) if condition else None
    columns = label_flags.num_columns(trained.model.num_classes)
    return label_flags.Drawing(number, labels, columns)


def _drawing_of_classes(trained):
    flag, classes = "--vary_labels", [0]
    if LABEL_COUNTS.value:
        flag = "--label_counts"
        classes = label_flags.parse_label_counts(LABEL_COUNTS.value)
    elif LABELS.value:
        flag = "--labels"
        classes = label_flags.parse_labels(LABELS.value)
    for each in classes:
        trained.check_class(flag, each)
    num_classes = trained.model.num_classes
    if LABEL_COUNTS.value:
        labels = label_flags.repeated(classes)
        columns = label_flags.num_columns(num_classes)
        return label_flags.Drawing(len(labels), labels, columns)
    classes = classes if LABELS.value else range(num_classes)
    return label_flags.drawing(
        np.asarray(classes, "int32"),
        common_flags.NUM_IMAGES.value,
        len(classes),
        VARY_LABELS.value,
    )


def _drawing_of_attributes(trained):
    columns, rows = _settings(trained)
    base = np.zeros((1, trained.model.condition.size), "float32")
    [base] = attribute_flags.applied(rows, base)
    told = attribute_flags.applied(columns, base)
    return label_flags.drawing(
        told.reshape(-1, base.shape[1]),
        common_flags.NUM_IMAGES.value,
        len(columns)
        if told.size > base.shape[1]
        else label_flags.num_columns(),
        VARY_LABELS.value,
    )


def _settings(trained):
    """Reads and prints the settings of the columns and those of the rows."""
    flag = "--attributes" if common_flags.ATTRIBUTES.value else "--vary_labels"
    names = trained.attribute_names(flag)
    columns = attribute_flags.each_alone(names)
    rows = [attribute_flags.Setting(attribute_flags.UNCHANGED, {})]
    if common_flags.ATTRIBUTES.value:
        columns = attribute_flags.parse(
            flag, common_flags.ATTRIBUTES.value, names, attribute_flags.COLUMNS
        )
    print(attribute_flags.listed("Columns", columns))
    if ROW_ATTRIBUTES.value:
        rows = attribute_flags.parse(
            "--row_attributes",
            ROW_ATTRIBUTES.value,
            names,
            attribute_flags.ROWS,
        )
        print(attribute_flags.listed("Rows", rows))
    return columns, rows


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


def _draw_grid(write, path, model, drawing):
    from ali_keras.evaluation import batchwise
    from ali_keras.plotting import grids

    grids.check_number(drawing.number)
    batches = _batches(model, drawing)
    if VARY_LABELS.value:
        z = model.sample_prior(
            drawing.number // drawing.repeats, common_flags.SEED.value
        )
        batches = batchwise.decode_batches(
            model, z, drawing.labels, drawing.repeats
        )
    write(path, drawing.number, batches, drawing.columns)


def _batches(model, drawing):
    from ali_keras.evaluation import batchwise
    from ali_keras.progress import shown

    number, labels = drawing.number, drawing.labels
    seed = common_flags.SEED.value
    batches = batchwise.generate_batches(model, number, seed, labels)
    total = batchwise.num_batches(number)
    return shown(batches, total, f"Drawing {number:,} images")


def run():
    """Runs the program."""
    program.run(main)


if __name__ == "__main__":
    run()
