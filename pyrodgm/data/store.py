"""Where data files are: the user's folder, the cache, or their home on the network."""

import os
from pathlib import Path

import pooch

SHA256 = {
    "mnist/train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "mnist/train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "mnist/t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "mnist/t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
HOMES = {"mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/"}


def find(dataset, name):
    """The path of a data file: ``$PYRODGM_DATA/dataset/name`` if it is there, else the cached download.

    A download is checked by its SHA-256, and so is what the cache holds: another file is fetched again. A file
    in the user's own folder is taken as it is, and checked by the reader.

    Raises:
        FileNotFoundError: if the file is nowhere and cannot be fetched, naming both places.
    """
    folder = os.environ.get("PYRODGM_DATA")
    if folder and (path := Path(folder) / dataset / name).exists():
        return path
    url = HOMES[dataset] + name
    cache = pooch.os_cache("pyrodgm") / dataset
    try:
        digest = SHA256[f"{dataset}/{name}"]
        return Path(pooch.retrieve(url, f"sha256:{digest}", fname=name, path=cache, progressbar=True))
    except (OSError, ValueError) as error:
        raise FileNotFoundError(
            f"{name}: not in $PYRODGM_DATA/{dataset} ({folder or 'not set'}) nor in {cache}, "
            f"and {url} could not be fetched: {error}"
        ) from error
