"""Saves and loads models: class, arguments and tensors, as a folder to share or as part of a pickle.

A saved model is rebuilt from its arguments and then loads the tensors. A model that was changed after it was built is
therefore refused, because its arguments would build a different model.

``model.safetensors`` has a copy of ``config.json`` in its header, and ``config.json`` has the checksum of that file. If
saving over an older model is interrupted between the two files, the checksum is wrong, and the copy is used. So the
folder holds the old or the new model at any time.
"""

import hashlib
import inspect
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load, save

from pyrodgm.checks import check_choice
from pyrodgm.files import write
from pyrodgm.formats import FORMAT, check_format, of_model
from pyrodgm.models.catalogue import models_by_name
from pyrodgm.models.rebuild import check_rebuilds, dtype_of


class Pretrained:
    """Saves a model as a folder and reads it back. ``arguments`` holds the arguments of its constructor."""

    arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        model = super().__new__(cls)
        vars(model)["arguments"] = named_arguments(cls, args, kwargs)
        return model

    def save_pretrained(self, folder: str | Path, card: str = "") -> None:
        """Write the model to a folder: ``config.json``, ``model.safetensors`` and a card, ``README.md``.

        Args:
            folder: created if it does not exist.
            card: more text for the card, in Markdown, such as measured figures.

        Raises:
            ValueError: if an argument of the model is not a plain value and cannot be written as JSON; if a module, a
                shape or an attribute differs from what the arguments build, because it was changed later.

        Example::

            m.save_pretrained("digits-sdgm")
            SDGM.from_pretrained("digits-sdgm").classifier(x)
        """
        _save(self, folder, card)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """The model that ``save_pretrained`` wrote, in evaluation mode. Nothing in the folder is executed.

        Args:
            folder: the folder; or, if ``huggingface_hub`` is installed, the name of a repository on the hub.

        Raises:
            ValueError: if the folder holds no model, a damaged one, one of another class, or one written by a newer
                version of the package.
        """
        return _load(folder, cls)

    def push_to_hub(self, repository: str, card: str = "") -> None:
        """Write the model to a repository of the Hugging Face hub. Needs the package ``huggingface_hub``."""
        _push(self, repository, card)


def named_arguments(model_class: type, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments given to a constructor by name, including those in ``**network``.

    Lists are converted to tuples.
    """
    try:
        bound = inspect.signature(model_class.__init__).bind_partial(None, *args, **kwargs)  # type: ignore[misc]  # a class
    except TypeError:
        return {}  # the constructor raises the proper error
    named = dict(list(bound.arguments.items())[1:])
    kinds = {p.name: p.kind for p in bound.signature.parameters.values()}
    extra = [named.pop(name) for name in list(named) if kinds[name] is inspect.Parameter.VAR_KEYWORD]
    return _plain(named | (extra[0] if extra else {}))


def _save(model, folder, card):
    folder = Path(folder)
    config = {"format": FORMAT, "model": type(model).__name__, "arguments": model.arguments}
    try:
        copy = json.dumps(config)
    except TypeError as error:
        raise ValueError(f"model: got an argument that JSON cannot hold ({error}), want plain values") from error
    tensors = _to_bytes(model, {"config": copy})
    config["sha256"] = hashlib.sha256(tensors).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "model.safetensors", tensors)
    write(folder / "config.json", (json.dumps(config, indent=2) + "\n").encode())
    write(folder / "README.md", _card(model, card).encode())


def _load(folder, model_class):
    folder = _found(folder)
    damaged = f"{folder / 'model.safetensors'}: got a damaged file, want a whole model"
    config = _config(folder / "config.json")
    try:
        data = (folder / "model.safetensors").read_bytes()
    except OSError as error:
        raise ValueError(f"{damaged}: {error}") from error
    if config.get("sha256") != hashlib.sha256(data).hexdigest() and (copy := _copied_config(data)) is not None:
        config = _checked(copy, folder / "model.safetensors")
    known = {name: c for name, c in models_by_name().items() if issubclass(c, model_class)}
    if not inspect.isabstract(model_class):
        known = {model_class.__name__: model_class}
    check_choice(f"{folder / 'config.json'}: model", config["model"], known)
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise ValueError(f"{damaged}: {error}") from error
    arguments, tensors = of_model(_plain(config["arguments"]), tensors)
    try:
        model = known[config["model"]](**arguments)
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"{folder / 'config.json'}: arguments: got {error}, want those of the model") from error
    try:
        return _with_tensors(model, tensors)
    except RuntimeError as error:
        raise ValueError(f"{damaged}: {error}") from error


def to_plain(model: Any) -> dict[str, Any]:
    """A model as plain data for a pickle: its name (its class, if the package does not export it), arguments, tensors.

    Raises:
        ValueError: as for ``save_pretrained``.
    """
    name = type(model).__name__
    known = models_by_name().get(name) is type(model)
    return {"model": name if known else type(model), "arguments": model.arguments, "tensors": _to_bytes(model)}


def from_plain(plain: dict[str, Any]) -> Any:
    """The model of ``to_plain``, on the CPU, in evaluation mode."""
    model_class = plain["model"]
    model_class = models_by_name()[model_class] if isinstance(model_class, str) else model_class
    arguments, tensors = of_model(plain["arguments"], load(plain["tensors"]))
    return _with_tensors(model_class(**arguments), tensors)


def _to_bytes(model, header=None):
    """The tensors of a model as a safetensors file; raises if class and arguments do not rebuild the model."""
    check_rebuilds(model)
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model.state_dict().items()}
    return save(tensors, header)


def _with_tensors(model, tensors):
    """A new model after loading the tensors of ``_to_bytes``, in their precision, in evaluation mode."""
    model.to(dtype_of(tensors)).load_state_dict(tensors)
    return model.eval()


def _push(model, repository, card):
    hub = _hub(f"to write to {repository}")
    with tempfile.TemporaryDirectory() as folder:
        _save(model, folder, card)
        hub.create_repo(repository, exist_ok=True)
        hub.upload_folder(repo_id=repository, folder_path=folder)


def _config(path):
    try:
        return _checked(path.read_text(), path)
    except FileNotFoundError as error:
        raise ValueError(f"{path.parent}: got no config.json there, want a folder of save_pretrained") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: got a damaged file ({error}), want the JSON of save_pretrained") from error


def _checked(text, path):
    """The configuration in a JSON text; raises a ``ValueError`` that names its file, unless it is one."""
    try:
        config = json.loads(text)
        missing = {"format", "model", "arguments"} - config.keys()
    except (ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path}: got a damaged file ({error}), want the JSON of save_pretrained") from error
    if missing:
        raise ValueError(f"{path}: got no {', '.join(sorted(missing))}, want the JSON of save_pretrained")
    for key, kind in (("format", int), ("model", str), ("arguments", dict)):
        if not isinstance(config[key], kind):
            raise ValueError(f"{path}: {key}: got {config[key]!r}, want {kind.__name__}")
    check_format(path, config["format"])
    return config


def _copied_config(data):
    """The copy of ``config.json`` in the header of ``model.safetensors``; None if the file is older, or damaged."""
    length = int.from_bytes(data[:8], "little")
    try:
        return json.loads(data[8 : 8 + length])["__metadata__"]["config"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _found(folder):
    """The folder itself, or the local copy of the hub's repository of that name."""
    if Path(folder).is_dir() or not _is_repository(folder):
        return Path(folder)
    return Path(_hub(f"or a folder of that name: {folder}").snapshot_download(repo_id=str(folder)))


def _is_repository(name):
    return isinstance(name, str) and name.count("/") == 1 and not name.startswith((".", "/", "~"))


def _hub(purpose):
    try:
        import huggingface_hub
    except ImportError as error:
        raise ValueError(
            f"huggingface_hub: got no such package, want it {purpose}: pip install pyrodgm[hub]"
        ) from error
    return huggingface_hub


def _plain(value):
    """A copy with lists as tuples, because a list may change and JSON makes lists of tuples, and with plain numbers."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(_plain(part) for part in value)
    return value.item() if isinstance(value, np.generic) else value


def _card(model, card):
    name = type(model).__name__
    arguments = ", ".join(f"{key}={value!r}" for key, value in model.arguments.items())
    lines = [
        "---",
        "library_name: pyrodgm",
        "tags: [pyro, deep-generative-model]",
        "---",
        "",
        f"# {name}",
        "",
        f"`{name}({arguments})`, a Pyro model/guide pair of pyrodgm:",
        "",
        "```python",
        f"from pyrodgm.models import {name}",
        "",
        f'm = {name}.from_pretrained("path/to/this/folder")',
        "```",
        "",
    ]
    return "\n".join([*lines, card, ""] if card else lines)
