"""One file that holds a state: tensors as safetensors, the rest as JSON in its header. Nothing is pickled."""

import json

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from pyrodgm.files import write
from pyrodgm.train.pack import pack, unpack

FORMAT = 1  # raised when an older package could not read what is written


def save_state(path, kind, state):
    """Write a state to a file, whole or not at all.

    Args:
        path: the file.
        kind: what the state is of, which ``load_state`` asks for.
        state: nested dicts, lists, tuples, tensors, arrays and plain values.

    Raises:
        OSError: if it cannot be written; what the file held before is still there.
        ValueError: if the state holds anything else.
    """
    tensors, rest = pack(state)
    header = {"format": str(FORMAT), "kind": kind, "state": json.dumps(rest)}
    write(path, save({key: tensor.cpu() for key, tensor in tensors.items()}, header))


def load_state(path, kind):
    """Read what ``save_state`` wrote; tensors come on the CPU.

    Raises:
        ValueError: if the file is damaged, of another kind, or written by a newer package.
        FileNotFoundError: if there is none.
    """
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118, it is no dict
    except SafetensorError as error:
        raise ValueError(f"{path}: got a damaged file ({error}), want a whole checkpoint") from error
    if header.get("kind") != kind:
        raise ValueError(f"{path}: got {header.get('kind', 'another safetensors file')}, want {kind}")
    try:
        newer = int(header["format"]) > FORMAT
        state = None if newer else unpack(tensors, json.loads(header["state"]))
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path}: got a damaged header ({error!r}), want a whole checkpoint") from error
    if newer:
        raise ValueError(
            f"{path}: got format {header['format']}, want at most {FORMAT}: it was written by a newer pyrodgm"
        )
    return state
