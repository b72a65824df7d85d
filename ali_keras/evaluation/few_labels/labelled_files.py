"""Files that say which images are labelled, and how.

A JSON file is what `tools.select` writes, or a list of indices. A CSV file has
a line of column names: `index` or `file`, and `label` if labels are in the
file. An index counts the images of a split, from 0. A `split` says of which. A
label is the name of a
class, or its number. Images without one have the data set's own label.
"""

import csv
import io
import os
import pathlib

import numpy as np

from ali_keras import files
from ali_keras.data.labels import NO_LABEL
from ali_keras.errors import InputError
from ali_keras.errors import command


def read(path):
    """Reads a file of labelled images.

    Args:
        path: Path. By its ending it is JSON or CSV.

    Returns:
        List of dictionaries of strings, the images.

    Raises:
        InputError: if it is no such file.
    """
    path = pathlib.Path(path)
    if path.suffix.lower() not in _READERS:
        raise InputError(
            "A file of labelled images must end in "
            f"{' or '.join(_READERS)}. Received: {path}"
        )
    if not path.is_file():
        raise InputError(
            f"A file of labelled images must be there. Received: {path}"
        )
    images = _READERS[path.suffix.lower()](path)
    for number, image in enumerate(images, start=1):
        if not (image.get("index") or image.get("file")):
            raise InputError(
                "Each labelled image must have an index or a file. "
                f"Received: {path}, image {number}, without"
            )
    return images


def _read_json(path):
    content = files.read_json(path)
    if isinstance(content, dict):
        content = content.get("images")
    is_list = isinstance(content, list)
    images = [_image(each) for each in content] if is_list else [None]
    if None in images:
        raise InputError(
            "A file of labelled images must be a JSON list of indices, or as "
            f"{command('tools.select')} writes it. Received: {path}"
        )
    return images


def _image(value):
    if isinstance(value, dict):
        return {key: str(x) for key, x in value.items() if x is not None}
    is_index = isinstance(value, int) and not isinstance(value, bool)
    return {"index": str(value)} if is_index else None


def _read_csv(path):
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise InputError(
            f"A file of labelled images must be CSV. Received: {path} ({error})"
        ) from None
    if rows and not {"index", "file"} & rows[0].keys():
        raise InputError(
            "A file of labelled images must name its columns in the first "
            f"line: index or file, and label. Received: {path}, with "
            f"{list(rows[0])}"
        )
    names = ("index", "split", "file", "label")
    return [{k: row[k] for k in names if row.get(k)} for row in rows]


_READERS = {".json": _read_json, ".csv": _read_csv}


def resolve(images, candidates, class_names, split=None):
    """Finds the labelled images among the candidates.

    Args:
        images: List as `read` returns it.
        candidates: Dictionary of arrays, one row a candidate: `label` if the
            data set has labels, `file` if it is a folder.
        class_names: List of strings; `None` if the data set has no labels.
        split: String. The split that the candidates are of.

    Returns:
        Tuple of a boolean array, which candidates are labelled, and an array
        of strings, their labels: the names of classes; empty where there is
        none.

    Raises:
        InputError: if an image or a label is unknown.
    """
    num_candidates = len(next(iter(candidates.values())))
    names = [os.fsdecode(name) for name in candidates.get("file", ())]
    places = {name: place for place, name in enumerate(names)}
    chosen = np.zeros(num_candidates, bool)
    labels = np.full(num_candidates, "", object)
    for image in images:
        place = _place(image, places, num_candidates, split)
        chosen[place] = True
        if "label" in image:
            labels[place] = _class_name(image["label"], class_names)
        elif class_names and candidates["label"][place] != NO_LABEL:
            labels[place] = class_names[candidates["label"][place]]
    return chosen, labels


def _place(image, places, num_candidates, split):
    if "file" in image and places:
        if image["file"] not in places:
            raise InputError(
                "The file of a labelled image must be one of the split, by its "
                f"path below the folder. Received: {image['file']}"
            )
        return places[image["file"]]
    if image.get("split", split) != split:
        raise InputError(
            f"Labelled images must be of the split {split}, or be "
            f"files of a folder. Received: {image['split']}"
        )
    index = image.get("index", "")
    is_number = index.isdecimal() and index.isascii() and len(index) < 19
    if not is_number or int(index) >= num_candidates:
        raise InputError(
            f"The index of a labelled image must be 0 to {num_candidates - 1}. "
            f"Received: {index or image}"
        )
    return int(index)


def _class_name(label, class_names):
    if not class_names or label in class_names:
        return label
    is_number = label.isdecimal() and label.isascii() and len(label) < 19
    if is_number and int(label) < len(class_names):
        return class_names[int(label)]
    raise InputError(
        f"A label must be a class, one of {class_names}, or its number. "
        f"Received: {label}"
    )
