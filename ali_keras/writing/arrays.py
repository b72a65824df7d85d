"""NumPy arrays in one file (npz), written batch by batch."""

import contextlib
import pathlib
import shutil
import tempfile
import zipfile

import numpy as np

from ali_keras import files

CHUNK_SIZE = 2**20  # Bytes that are copied at once.


def write_arrays(path, num_examples, batches, compression=zipfile.ZIP_STORED):
    """Writes one NumPy array for each key of the batches.

    Args:
        path: Path of the file.
        num_examples: Integer. Examples in all batches.
        batches: Iterator of dictionaries of arrays, batch first.
        compression: Of the file, as `zipfile` has it.

    Raises:
        InputError: if the file cannot be written.
    """
    with files.replacing(path) as temporary:
        # Arrays grow on disk, beside the output, and are packed at the end.
        with tempfile.TemporaryDirectory(
            dir=temporary.parent, prefix=".writing."
        ) as folder:
            arrays = _write_each(pathlib.Path(folder), num_examples, batches)
            with zipfile.ZipFile(temporary, "w", compression) as pack:
                for array in arrays:
                    _add(pack, array)
                    array.unlink()  # Its place on the disk is wanted.


def _add(pack, array):
    # Without the time, so that equal arrays are equal files.
    entry = zipfile.ZipInfo(array.name)
    entry.compress_type = pack.compression
    with array.open("rb") as source:
        with pack.open(entry, "w", force_zip64=True) as target:
            shutil.copyfileobj(source, target, CHUNK_SIZE)


def _write_each(folder, num_examples, batches):
    """Writes a .npy file for each key; returns their paths."""
    # Plain writes: on a full disk a memory map ends the process.
    opened = {}
    with contextlib.ExitStack() as stack:
        for batch in batches:
            for name, values in batch.items():
                if name not in opened:
                    file = (folder / f"{name}.npy").open("wb")
                    opened[name] = stack.enter_context(file)
                    _write_header(file, num_examples, values)
                opened[name].write(np.ascontiguousarray(values).data)
    return [folder / f"{name}.npy" for name in opened]


def _write_header(file, num_examples, values):
    np.lib.format.write_array_header_1_0(
        file,
        {
            "descr": np.lib.format.dtype_to_descr(values.dtype),
            "fortran_order": False,
            "shape": (num_examples, *values.shape[1:]),
        },
    )
