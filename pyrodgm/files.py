"""Files that hold what they held, or all of the new, whatever happens."""

import os
from pathlib import Path


def write(path, data):
    """Put bytes in place of a file's content, or leave the file as it was: written beside, then renamed.

    Raises:
        OSError: if they cannot be written, as on a full disk; the file is untouched and nothing is left beside it.
    """
    path = Path(path)
    beside = path.with_name(path.name + ".new")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
