"""MATLAB's files of version 5."""

import numpy as np
from scipy.io import loadmat


def read_matlab(path, *names):
    """Read arrays of numbers from a MATLAB file (level 5, what MATLAB writes up to version 7).

    Args:
        path: the file.
        names: the variables to read.

    Returns:
        A list of arrays, one for each name.

    Raises:
        ValueError: if the file is damaged, of another kind, or holds no array of numbers by a name, naming it.

    Example::

        images, labels = read_matlab("train_32x32.mat", "X", "y")
    """
    with open(path, "rb") as file:
        try:
            content = loadmat(file, variable_names=names)
        except Exception as error:  # scipy's parser fails in many ways on bytes that are no MATLAB file
            raise ValueError(f"{path}: got a damaged file or another kind ({error}), want a MATLAB 5 file") from error
    for name in names:
        if name not in content:
            raise ValueError(f"{path}: got no variable {name!r}, want {', '.join(names)}")
        if not isinstance(content[name], np.ndarray) or content[name].dtype.kind not in "uifb":
            raise ValueError(f"{path}: got {name!r} that is no array of numbers, want one")
    return [content[name] for name in names]
