"""A saved model: its class, its arguments and its tensors. As a folder that can be shared, or inside a pickle.

What is saved is built again from the arguments, and then takes the tensors. A model that was changed by hand since it
was made is therefore refused: what its arguments make is another model.
"""

import functools
import inspect
import json
import tempfile
import types
import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from pyrodgm.checks import check_choice
from pyrodgm.files import write

FORMAT = 1  # raised when an older package could not read what is written


def named_arguments(model_class, args, kwargs):
    """The arguments of a constructor by name, those of ``**network`` among them; what was not given is left out.

    Lists come as tuples.
    """
    try:
        bound = inspect.signature(model_class.__init__).bind_partial(None, *args, **kwargs)
    except TypeError:
        return {}  # the constructor will say what is wrong
    named = dict(list(bound.arguments.items())[1:])
    kinds = {p.name: p.kind for p in bound.signature.parameters.values()}
    extra = [named.pop(name) for name in list(named) if kinds[name] is inspect.Parameter.VAR_KEYWORD]
    return _tuples(named | (extra[0] if extra else {}))


def save_pretrained(model, folder, card=""):
    """See ``DeepGenerativeModel.save_pretrained``."""
    folder = Path(folder)
    config = {"format": FORMAT, "model": type(model).__name__, "arguments": model.arguments}
    try:
        text = json.dumps(config, indent=2) + "\n"
    except TypeError as error:
        raise ValueError(f"model: got an argument that JSON cannot hold ({error}), want plain values") from error
    tensors = to_bytes(model)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "model.safetensors", tensors)
    write(folder / "config.json", text.encode())
    write(folder / "README.md", _card(model, card).encode())


def from_pretrained(folder, model_class):
    """See ``DeepGenerativeModel.from_pretrained``."""
    from pyrodgm import models

    folder = _found(folder)
    config = _config(folder / "config.json")
    known = {name: c for name in models.__all__ if not inspect.isabstract(c := getattr(models, name))}
    if not inspect.isabstract(model_class):
        known = {model_class.__name__: model_class}
    check_choice(f"{folder / 'config.json'}: model", config["model"], known)
    try:
        model = known[config["model"]](**_tuples(config["arguments"]))
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"{folder / 'config.json'}: arguments: got {error}, want those of the model") from error
    try:
        return from_bytes(model, (folder / "model.safetensors").read_bytes())
    except (SafetensorError, OSError, RuntimeError) as error:
        raise ValueError(f"{folder / 'model.safetensors'}: got a damaged file, want a whole model: {error}") from error


def to_bytes(model):
    """The tensors of a model as a safetensors file, from which ``from_bytes`` restores it.

    Raises:
        ValueError: if the model's class and arguments make another model than this one, naming what differs.
    """
    check_rebuilds(model)
    return save({name: tensor.detach().cpu().contiguous().clone() for name, tensor in model.state_dict().items()})


def from_bytes(model, data):
    """A model just made, with the tensors and the dtype of ``to_bytes``, in evaluation mode."""
    tensors = load(data)
    model.to(_dtype(tensors)).load_state_dict(tensors)
    return model.eval()


def _dtype(tensors):
    return next((tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()), torch.float32)


def check_rebuilds(model):
    """Raise ``ValueError`` unless a model's class and arguments make the same modules, shapes and plain attributes.

    The random numbers are those of before afterwards. Whether it is training, and which parameters do, may differ.
    """
    tensors = model.state_dict()
    with torch.random.fork_rng(devices=[]), torch.device("cpu"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # was said when the model was made
        try:
            rebuilt = type(model)(**model.arguments).to(_dtype(tensors))
        except TypeError as error:
            raise ValueError(f"model: got arguments that do not make it again ({error}), want named ones") from error
    for what, got, want in _differences(model, rebuilt, tensors):
        raise ValueError(
            f"model: got {what} {got}, want {want}, which is what {type(model).__name__} makes of its arguments: "
            "a model that was changed since then would not come back as it is"
        )


def _differences(model, rebuilt, tensors):
    """What differs, its value, and what it should be, in words."""
    ours, theirs = (dict(m.named_modules(remove_duplicate=False)) for m in (model, rebuilt))
    for path in ours | theirs:
        got, want = (type(modules[path]).__qualname__ if path in modules else "none" for modules in (ours, theirs))
        if type(ours.get(path)) is not type(theirs.get(path)):
            yield f"module {path!r}:", got, want
    for path, module in ours.items():
        for kind in ("_forward_hooks", "_forward_pre_hooks"):
            if len(getattr(module, kind)) != len(getattr(theirs[path], kind)):
                yield f"module {path!r} with", f"{len(getattr(module, kind))} {kind[1:].replace('_', ' ')}", "none"
    expected = rebuilt.state_dict()
    for name in tensors | expected:
        got, want = (_kind(each[name]) if name in each else "none" for each in (tensors, expected))
        if got != want:
            yield f"tensor {name!r}:", got, want
    for path, module in ours.items():
        got, want = _attributes(module), _attributes(theirs[path])
        for name in got | want:
            if name.startswith("_") and not all(isinstance(own.get(name), _PLAIN) for own in (got, want)):
                continue  # a private object or tensor is what a module keeps from call to call
            if name not in got or name not in want or not _same(got[name], want[name]):
                values = (_short(each[name]) if name in each else "none" for each in (got, want))
                yield f"attribute {f'{path}.{name}'.lstrip('.')!r}:", *values


def _kind(tensor):
    return f"{tensor.dtype} of shape {tuple(tensor.shape)}"


_PLAIN = (bool, int, float, complex, str, bytes, type(None), type, torch.dtype)
_PLAIN += (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial)
_OF_EVERY_MODULE = {*vars(torch.nn.Module())}


def _attributes(module):
    """The attributes that decide what a module does, by name, and the buffers that its state leaves out."""
    own = {name: value for name, value in vars(module).items() if name not in _OF_EVERY_MODULE}
    return own | {name: module._buffers[name] for name in module._non_persistent_buffers_set if name in module._buffers}


def _same(a, b):
    """Whether two values of attributes are equal.

    Tensors are compared to the precision of single floats; objects that cannot be compared by their type.
    """
    if a is b or type(a) is not type(b) or isinstance(a, (type, torch.dtype)):
        return a is b
    if isinstance(a, torch.Tensor):
        return _kind(a) == _kind(b) and torch.allclose(a.detach().cpu(), b.detach().cpu(), 1e-6, 0, equal_nan=True)
    if isinstance(a, (np.ndarray, np.generic)):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, functools.partial):
        return _same((a.func, a.args, a.keywords), (b.func, b.args, b.keywords))
    if isinstance(a, types.FunctionType):  # all lambdas have one name
        cells = ([cell.cell_contents for cell in f.__closure__ or ()] for f in (a, b))
        return (a.__module__, a.__qualname__, a.__code__) == (b.__module__, b.__qualname__, b.__code__) and _same(
            *cells
        )
    if isinstance(a, types.MethodType):
        return a.__func__ is b.__func__
    comparable = type(a).__eq__ is not object.__eq__
    return not comparable or bool(a == b or (a != a and b != b))


def _short(value):
    text = value.__qualname__ if isinstance(value, types.FunctionType) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def push_to_hub(model, repository, card=""):
    """See ``DeepGenerativeModel.push_to_hub``."""
    hub = _hub(f"to write to {repository}")
    with tempfile.TemporaryDirectory() as folder:
        save_pretrained(model, folder, card)
        hub.create_repo(repository, exist_ok=True)
        hub.upload_folder(repo_id=repository, folder_path=folder)


def _config(path):
    try:
        config = json.loads(path.read_text())
        missing = {"format", "model", "arguments"} - config.keys()
    except FileNotFoundError as error:
        raise ValueError(f"{path.parent}: got no config.json there, want a folder of save_pretrained") from error
    except (ValueError, AttributeError, RecursionError, OSError) as error:
        raise ValueError(f"{path}: got a damaged file ({error}), want the JSON of save_pretrained") from error
    if missing:
        raise ValueError(f"{path}: got no {', '.join(sorted(missing))}, want the JSON of save_pretrained")
    for key, kind in (("format", int), ("model", str), ("arguments", dict)):
        if not isinstance(config[key], kind):
            raise ValueError(f"{path}: {key}: got {config[key]!r}, want {kind.__name__}")
    if config["format"] > FORMAT:
        raise ValueError(f"{path}: got format {config['format']}, want at most {FORMAT}: a newer pyrodgm wrote it")
    return config


def _found(folder):
    """The folder itself, or where the hub's client put the repository of that name."""
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


def _tuples(value):
    """A copy with tuples for lists, which JSON makes of them and a caller may change."""
    if isinstance(value, dict):
        return {key: _tuples(part) for key, part in value.items()}
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value


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
