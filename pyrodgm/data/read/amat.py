"""Larochelle's .amat text of binary images."""

from pathlib import Path

import numpy as np


def read_amat(path, columns):
    """Read text of zeros and ones, one row a line, with a space between two values.

    Args:
        path: the file.
        columns: values a row D.

    Returns:
        A uint8 array of zeros and ones ``(N, D)``.

    Raises:
        ValueError: if the file is truncated, empty or of another kind, naming it.
    """
    content = Path(path).read_bytes()
    if not content or len(content) % (2 * columns):
        raise ValueError(
            f"{path}: got {len(content)} bytes, want a multiple of {2 * columns}: lines of {columns} values"
        )
    characters = np.frombuffer(content, np.uint8).reshape(-1, columns, 2)
    values, separators = characters[..., 0] - ord("0"), characters[..., 1]
    if (values > 1).any() or (separators[:, :-1] != ord(" ")).any() or (separators[:, -1] != ord("\n")).any():
        raise ValueError(f"{path}: got other text, want lines of {columns} zeros and ones with spaces between them")
    return values
