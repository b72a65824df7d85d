"""Lists of chosen images as files. `WRITERS` has the formats."""

import csv
import io

from ali_keras import files


def write_json(path, description, images):
    """Writes a selection as JSON.

    Args:
        path: Path of the file.
        description: Dictionary: how the images were chosen.
        images: List of dictionaries, in the order of choice. All have the
            same keys.
    """
    files.write_json(path, {**description, "images": images})


def write_csv(path, description, images):
    """Writes a selection as CSV, a line an image. See `write_json`.

    What a column holds is alike in all lines, so how the images were chosen
    is left out.
    """
    del description
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(images[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(images)
    # The names of files may be any bytes.
    files.write_bytes(path, text.getvalue().encode("utf-8", "surrogateescape"))


WRITERS = {"json": write_json, "csv": write_csv}
