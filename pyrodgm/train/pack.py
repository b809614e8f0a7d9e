"""Nested Python values as a table of tensors and plain JSON, and back."""

import numpy as np
import torch


def pack(value):
    """Take nested dicts, lists, tuples, tensors, arrays and plain values apart.

    Returns:
        The dict of tensors by key, and the rest as what JSON can hold, from which ``unpack`` makes the same value.

    A NumPy number comes back as Python's.

    Raises:
        ValueError: for a value of any other type: nothing is pickled.

    Example::

        tensors, rest = pack({"step": 3, "moments": {0: torch.zeros(2)}})
        unpack(tensors, rest)
    """
    tensors = {}

    def take(value, path):
        if isinstance(value, torch.Tensor):
            key = f"{len(tensors)}: {path}"  # the number keeps apart what the dots do not
            tensors[key] = value.detach().contiguous().clone()
            return {"tensor": key}
        if isinstance(value, np.ndarray):
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


def unpack(tensors, rest):
    """The value that ``pack`` took apart."""
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
    """A dtype that torch has and that holds every value of ``dtype``."""
    return np.int64 if dtype.kind == "u" and dtype.itemsize < 8 else dtype
