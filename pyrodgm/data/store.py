"""Where data files are: the user's folder, the cache, or their home, from which a broken download goes on."""

import os
import re
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from pyrodgm.checks import check_choice
from pyrodgm.data.sources import SOURCES

FOLDERS = {"binarised-mnist": "binarized_mnist", "cifar10-subset": "cifar10_subset"}


def files(name, **options):
    """The names of the files that a data set needs; none for one that ships inside or is made on the spot.

    Args:
        name: of the data set, one of ``DATASETS``.
        options: as ``load`` takes them; ``extra=True`` adds SVHN's third file.

    Example::

        files("mnist")[0], files("moons")       # "train-images-idx3-ubyte.gz", ()
    """
    return tuple(_checksums(name, options)) or SOURCES[name].stand_ins


def origin(name):
    """Where a data set comes from: the address of its files, or ``"made on the spot"`` and the like."""
    check_choice("name", name, SOURCES)
    return SOURCES[name].home


def path(name):
    """The folder with a data set's files: the user's own if they are there, else the cache, else where they will be.

    The user's is the set's folder below ``$PYRODGM_DATA``. None for a data set without files.
    """
    check_choice("name", name, SOURCES)
    source, own = SOURCES[name], _own(name)
    if not (source.files or source.stand_ins):
        return None
    if own is not None and any((own / file).exists() for file in (*source.files, *source.stand_ins)):
        return own
    return _cache(name)


def fetch(name, **options):
    """The paths of a data set's files, after fetching those that are neither in the user's folder nor in the cache.

    A file is looked for in ``$PYRODGM_DATA/name`` first and taken there as it is; the reader checks it. A download
    goes on where an earlier one broke off, and is checked by its checksum, and so is what the cache holds: another
    file is fetched again. Files that stand in for the set's own, such as those of another format, are taken from the
    user's folder where the set's own are not there.

    Args:
        name: of the data set, one of ``DATASETS``.
        options: as ``load`` takes them; ``extra=True`` adds SVHN's third file, ``box`` asks for the file that stands
            in for OMNIGLOT's, or for the other.

    Returns:
        A list of paths, empty for a data set without files.

    Raises:
        ValueError: if there is no such data set.
        FileNotFoundError: if a file is nowhere and cannot be fetched, or comes with a wrong checksum, naming both
            places. Nothing of a wrong file is kept.

    Example::

        fetch("svhn", extra=True)
    """
    checksums, own, stand_ins = _checksums(name, options), _own(name), SOURCES[name].stand_ins
    here = checksums and all(any((folder / f).exists() for folder in (own, _cache(name)) if folder) for f in checksums)
    box = options.get("box")
    if (
        stand_ins
        and (not here if box is None else box)
        and own is not None
        and all((own / file).exists() for file in stand_ins)
    ):
        return [own / file for file in stand_ins]
    if stand_ins and (not checksums or box):
        raise FileNotFoundError(f"{stand_ins[0]}: not in {_own_in_words(name)}, and it has no home to be fetched from")
    return [_find(name, file, checksum) for file, checksum in checksums.items()]


def _checksums(name, options):
    """Checksums by file of what the options ask for."""
    check_choice("name", name, SOURCES)
    chosen = [added for option, added in SOURCES[name].optional.items() if options.get(option)]
    return {file: checksum for group in (SOURCES[name].files, *chosen) for file, checksum in group.items()}


def _own(name):
    root = os.environ.get("PYRODGM_DATA")
    return Path(root) / FOLDERS.get(name, name) if root else None


def _cache(name):
    return Path(pooch.os_cache("pyrodgm")) / FOLDERS.get(name, name)


def _find(name, file, checksum):
    own, cache = _own(name), _cache(name)
    if own is not None and (own / file).exists():
        return own / file
    url, part = SOURCES[name].home + file, cache / f"{file}.part"
    try:
        return Path(pooch.retrieve(url, checksum, fname=file, path=cache, downloader=Resuming(part)))
    except (OSError, ValueError) as error:
        kept = f"; {part.stat().st_size:,} bytes are kept and the next try goes on from there" if part.exists() else ""
        raise FileNotFoundError(
            f"{file}: not in {_own_in_words(name)} nor in {cache}, and {url} could not be fetched: {error}{kept}"
        ) from error


def _own_in_words(name):
    return f"$PYRODGM_DATA/{FOLDERS.get(name, name)} ({os.environ.get('PYRODGM_DATA') or 'not set'})"


class Resuming:
    """A downloader for ``pooch`` that keeps what it has in a file ``.part`` and asks the server for the rest.

    What is there already is asked for by a Range header (RFC 9110, section 14). A server that ignores it answers 200
    with the whole file, which is then taken from its beginning. A whole file is moved away for ``pooch`` to check, so
    that one with a wrong checksum leaves nothing that a later try would build upon.

    Args:
        part: where the unfinished file is kept between tries.

    Raises:
        OSError: when called, if the connection fails or breaks; the part stays.

    Example::

        pooch.retrieve(url, "sha256:...", fname="images.gz", path=cache, downloader=Resuming(cache / "images.gz.part"))
    """

    def __init__(self, part):
        self.part = Path(part)

    def __call__(self, url, output_file, pooch):
        if not self._fetch(url):
            self.part.unlink()
            self._fetch(url)
        self.part.replace(output_file)

    def _fetch(self, url):
        """Complete the part; False where the server has no use for what is there, as when its file is shorter."""
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
