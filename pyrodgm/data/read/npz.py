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
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("one array alone")
        with file:
            return {name: file[name] for name in file.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: got a file that cannot be read ({error}), want an .npz of plain arrays") from error
