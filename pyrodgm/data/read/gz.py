"""A gzip file, read whole or not at all."""

import gzip
import zlib


def read_gzip(path):
    """The content of a gzip file.

    Raises:
        ValueError: if the file is truncated, damaged or no gzip file, naming it.
    """
    try:
        with gzip.open(path) as file:
            return file.read()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: got a damaged gzip file ({error}), want a whole one") from error
