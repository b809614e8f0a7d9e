"""One file that holds a state: tensors as safetensors, the rest as JSON in its header. Nothing is pickled."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from pyrodgm.files import write
from pyrodgm.formats import FORMAT, check_format


def save_state(path: str | Path, kind: str, state: Any) -> None:
    """Write a state to a file atomically.

    Args:
        path: the file.
        kind: what the state belongs to. ``load_state`` must be called with the same kind.
        state: nested dicts, lists, tuples, tensors, arrays of numbers and plain values.

    Raises:
        OSError: if it cannot be written. The file then keeps its old content.
        ValueError: if the state holds anything else.
    """
    tensors, rest = pack(state)
    header = {"format": str(FORMAT), "kind": kind, "state": json.dumps(rest)}
    write(path, save({key: tensor.cpu() for key, tensor in tensors.items()}, header))


def load_state(path: str | Path, kind: str) -> tuple[Any, int]:
    """Read what ``save_state`` wrote.

    Returns:
        The state, its tensors on the CPU, and the format that it was written in, see ``pyrodgm.formats``.

    Raises:
        ValueError: if the file is damaged, of another kind, or written by a newer package.
        FileNotFoundError: if there is none.
    """
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118, it is not a dict
    except SafetensorError as error:
        raise ValueError(f"{path}: got a damaged file ({error}), want a whole checkpoint") from error
    if header.get("kind") != kind:
        raise ValueError(f"{path}: got {header.get('kind', 'another safetensors file')}, want {kind}")
    try:
        found = int(header["format"])
        state = unpack(tensors, json.loads(header["state"])) if found <= FORMAT else None
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path}: got a damaged header ({error!r}), want a whole checkpoint") from error
    check_format(path, found)
    return state, found


def state_to_plain(state: Any) -> dict[str, Any]:
    """A state that can be pickled safely: its tensors and arrays become the bytes of a safetensors file."""
    tensors, rest = pack(state)
    return {"tensors": save({key: tensor.cpu() for key, tensor in tensors.items()}), "rest": rest}


def state_from_plain(plain: dict[str, Any]) -> Any:
    """The state of ``state_to_plain``, on the CPU."""
    return unpack(load(plain["tensors"]), plain["rest"])


def pack(value: Any) -> tuple[dict[str, torch.Tensor], Any]:
    """Split nested dicts, lists, tuples, tensors, arrays of numbers and plain values into tensors and the rest.

    Returns:
        A dict of tensors by key, and the rest in types that JSON supports. ``unpack`` joins the two again.

    A NumPy number comes back as a Python number.

    Raises:
        ValueError: for a value of any other type: nothing is pickled.

    Example::

        tensors, rest = pack({"step": 3, "moments": {0: torch.zeros(2)}})
        unpack(tensors, rest)
    """
    tensors: dict[str, torch.Tensor] = {}

    def take(value, path):
        if isinstance(value, torch.Tensor):
            key = f"{len(tensors)}: {path}"  # paths joined by dots need not be unique
            tensors[key] = value.detach().contiguous().clone()
            return {"tensor": key}
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in "biufc":
                wanted = "tensors, arrays of numbers and plain values"
                raise ValueError(f"{path}: got an array of dtype {value.dtype}, want {wanted}")
            return {
                "array": take(torch.from_numpy(value.astype(_stored(value.dtype))), path),
                "dtype": str(value.dtype),
            }
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, dict):
            return {"dict": [[take(k, f"{path}.key"), take(v, f"{path}.{k}")] for k, v in value.items()]}
        if isinstance(value, (list, tuple)):
            kind = "tuple" if isinstance(value, tuple) else "list"
            return {kind: [take(v, f"{path}.{i}") for i, v in enumerate(value)]}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise ValueError(f"{path}: got {type(value).__name__}, want tensors, arrays and plain values")

    return tensors, take(value, "state")


def unpack(tensors: dict[str, torch.Tensor], rest: Any) -> Any:
    """The value that ``pack`` split."""
    if not isinstance(rest, dict):
        return rest
    (kind, content), *others = rest.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "array":
        return unpack(tensors, content).numpy().astype(dict(others)["dtype"])
    if kind == "dict":
        return {unpack(tensors, key): unpack(tensors, value) for key, value in content}
    parts = [unpack(tensors, value) for value in content]
    return tuple(parts) if kind == "tuple" else parts


def _stored(dtype):
    """A dtype of torch that can represent every value of ``dtype``."""
    return np.int64 if dtype.kind == "u" and dtype.itemsize < 8 else dtype
