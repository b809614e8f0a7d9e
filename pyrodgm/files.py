"""Atomic file writes, and folders checked to be writable."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write(path: str | Path, data: bytes) -> None:
    """Write bytes to a file atomically: to a temporary file beside it, which is then renamed.

    Several processes may write the same file. Each has its own temporary file, and the last one wins.

    Raises:
        OSError: if they cannot be written, as on a full disk. The file keeps its content; no temporary file is left.
    """
    path = Path(path)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException as error:  # Ctrl-C too
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:  # a full disk names no file
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def make_folder(path: str | Path, argument: str = "folder") -> Path:
    """Make a folder and check that it is writable, before work is done for it. Returns its path.

    Raises:
        ValueError: if it cannot, naming the argument that it came from.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise ValueError(f"{argument}: got {path}, want a folder that can be written ({error})") from error
    return path


def check_new_file(path: str | Path, argument: str) -> None:
    """Raise ``ValueError`` unless a file can be written there, before work is done for it."""
    path = Path(path)
    if not path.parent.is_dir():
        raise ValueError(f"{argument}: got {path}, want a file in an existing folder")
    if path.is_dir():
        raise ValueError(f"{argument}: got {path}, a folder, want a file")
    make_folder(path.parent, argument)


@contextmanager
def without_empty_folders(*folders: Path | None) -> Iterator[None]:
    """A context that removes these folders, in this order, if it fails before anything is written to them."""
    try:
        yield
    except BaseException:  # Ctrl-C too
        for folder in filter(None, folders):
            with suppress(OSError):  # it holds something
                folder.rmdir()
        raise
