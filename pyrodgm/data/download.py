"""A download that goes on where the last one broke off."""

import re
from pathlib import Path

import requests
from tqdm import tqdm


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
