"""Data files: found in the user's folder or the cache, or downloaded, resuming an interrupted download."""

import os
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pooch
import requests
from filelock import FileLock
from tqdm import tqdm

from pyrodgm.checks import check_choice
from pyrodgm.data.sources import SOURCES

FOLDERS = {"binarised-mnist": "binarized_mnist", "cifar10-subset": "cifar10_subset"}


def files(name: str, **options: Any) -> tuple[str, ...]:
    """The names of the files of a data set; empty for a set that is generated or included in a package.

    Args:
        name: name of the data set, one of ``DATASETS``.
        options: options of ``load``; ``extra=True`` adds SVHN's third file.

    Example::

        files("mnist")[0], files("moons")       # "train-images-idx3-ubyte.gz", ()
    """
    return tuple(_checksums(name, options)) or SOURCES[name].stand_ins


def origin(name: str) -> str:
    """The source of a data set: the address of its files, or a description such as ``"generated"``.

    Example::

        origin("digits")        # "included in scikit-learn"
    """
    check_choice("name", name, SOURCES)
    return SOURCES[name].home


def path(name: str) -> Path | None:
    """The folder of a data set's files: the user's own if it has any of them, otherwise the cache.

    The user's own is the set's folder below ``$PYRODGM_DATA``. None for a data set without files.

    Example::

        path("mnist") / files("mnist")[0]
    """
    check_choice("name", name, SOURCES)
    source, own = SOURCES[name], _user_folder(name)
    if not (source.files or source.stand_ins):
        return None
    if own is not None and any((own / file).exists() for file in (*source.files, *source.stand_ins)):
        return own
    return _cache(name)


def is_present(name: str) -> bool:
    """Whether ``load`` finds all of a set's files, or the alternative ones, without a download."""
    checksums, stand_ins = _checksums(name, {}), SOURCES[name].stand_ins
    if not (checksums or stand_ins):
        return True
    return bool(checksums and _all_here(name, checksums)) or bool(stand_ins and _own_stand_ins(name))


def fetch(name: str, **options: Any) -> list[Path]:
    """Download a data set's missing files and return the paths of all of them.

    A file in ``$PYRODGM_DATA/name`` has priority and is used as it is; the reader validates it. Otherwise the file is
    taken from the cache, or downloaded to it. An interrupted download resumes. If several processes ask for the same
    set, one downloads it and the others wait. Cached and downloaded files are verified by their checksums, and a cached
    file with a wrong checksum is downloaded again. If the set's own files are missing and the user's folder has the
    alternative files, such as those of another format, these are used.

    Args:
        name: name of the data set, one of ``DATASETS``.
        options: options of ``load``; ``extra=True`` adds SVHN's third file, ``box`` chooses between OMNIGLOT's
            alternative file and its original one.

    Returns:
        A list of paths, empty for a data set without files.

    Raises:
        ValueError: if the data set is unknown.
        FileNotFoundError: if a file is missing and cannot be downloaded, or the download has a wrong checksum; names
            both folders. A file with a wrong checksum is not kept.

    Example::

        fetch("svhn", extra=True)
    """
    checksums, stand_ins = _checksums(name, options), SOURCES[name].stand_ins
    here = checksums and _all_here(name, checksums)
    box = options.get("box")
    if stand_ins and (not here if box is None else box) and (found := _own_stand_ins(name)):
        return found
    if stand_ins and (not checksums or box):
        raise FileNotFoundError(f"{stand_ins[0]}: not in {_user_folder_text(name)}, and it cannot be downloaded")
    return [_find(name, file, checksum) for file, checksum in checksums.items()]


def _checksums(name, options):
    """The checksums by file, with the files that the options add."""
    check_choice("name", name, SOURCES)
    chosen = [added for option, added in SOURCES[name].optional.items() if options.get(option)]
    return {file: checksum for group in (SOURCES[name].files, *chosen) for file, checksum in group.items()}


def _all_here(name, files):
    """Whether each file is in the user's folder or the cache."""
    return all(any((folder / f).exists() for folder in (_user_folder(name), _cache(name)) if folder) for f in files)


def _own_stand_ins(name):
    """The paths of the alternative files if the user's folder has all of them, else none."""
    own = _user_folder(name)
    found = [] if own is None else [own / file for file in SOURCES[name].stand_ins]
    return found if all(file.exists() for file in found) else []


def _user_folder(name):
    root = os.environ.get("PYRODGM_DATA")
    return Path(root) / FOLDERS.get(name, name) if root else None


def _cache(name):
    return Path(pooch.os_cache("pyrodgm")) / FOLDERS.get(name, name)


def _find(name, file, checksum):
    own, cache = _user_folder(name), _cache(name)
    if own is not None and (own / file).exists():
        return own / file
    url, part = SOURCES[name].home + file, cache / f"{file}.part"
    try:
        with _download_lock(cache / file):
            return Path(pooch.retrieve(url, checksum, fname=file, path=cache, downloader=Resuming(part)))
    except (OSError, ValueError) as error:
        kept = f"; {part.stat().st_size:,} bytes are kept and the next attempt resumes there" if part.exists() else ""
        raise FileNotFoundError(
            f"{file}: not in {_user_folder_text(name)} nor in {cache}, and {url} could not be downloaded: {error}{kept}"
        ) from error


def _download_lock(path):
    """While a file is not in the cache, a lock, so that one process downloads it and the others wait."""
    if path.exists():
        return nullcontext()
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path.parent.with_suffix(".lock"))


def _user_folder_text(name):
    return f"$PYRODGM_DATA/{FOLDERS.get(name, name)} ({os.environ.get('PYRODGM_DATA') or 'not set'})"


class Resuming:
    """A downloader for ``pooch`` that resumes: it keeps partial data in a ``.part`` file and requests the rest.

    The rest is requested by a Range header (RFC 9110, section 14). If a server ignores it and answers 200 with the
    whole file, the download starts from the beginning. A complete file is moved away for ``pooch`` to verify. A file
    with a wrong checksum therefore leaves nothing behind for a later attempt to continue.

    Args:
        part: path of the partial file that is kept between attempts.

    Raises:
        OSError: when called, if the connection fails or breaks; the partial file is kept.

    Example::

        pooch.retrieve(url, "sha256:...", fname="images.gz", path=cache, downloader=Resuming(cache / "images.gz.part"))
    """

    def __init__(self, part: Path) -> None:
        self.part = Path(part)

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        if not self._fetch(url):
            self.part.unlink()
            self._fetch(url)
        self.part.replace(output_file)

    def _fetch(self, url):
        """Complete the partial file; False if it does not fit the server's file, for example because it is longer."""
        start = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with requests.get(url, headers=headers, stream=True, timeout=60) as response:
            place = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", ""))
            if start and response.status_code == requests.codes.requested_range_not_satisfiable:
                return place is not None and place[2] == str(start)
            response.raise_for_status()
            if response.status_code == requests.codes.partial_content:
                if place is None or place[1] != str(start):
                    return False
            else:
                start = 0
            self._append(response, start)
        return True

    def _append(self, response, start):
        length = response.headers.get("Content-Length")
        bar = tqdm(
            desc=self.part.stem,
            initial=start,
            total=start + int(length) if length else None,
            unit="B",
            unit_scale=True,
            disable=None,
        )
        with bar, open(self.part, "ab" if start else "wb") as file:
            for chunk in response.iter_content(2**16):
                file.write(chunk)
                bar.update(len(chunk))
