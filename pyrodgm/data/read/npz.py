"""NumPy's .npz files, without pickled objects."""

import zipfile
import zlib

import numpy as np


def read_npz(path):
    """Read all arrays of an .npz file.

    Returns:
        A dict from name to array.

    Raises:
        ValueError: if the file is damaged, of another kind, or holds pickled objects, which are not loaded.
    """
    try:
        with open(path, "rb") as file:
            arrays = np.load(file, allow_pickle=False)
            if isinstance(arrays, np.ndarray):
                raise ValueError("one array alone")
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: got a file that cannot be read ({error}), want an .npz of plain arrays") from error
