"""The zoo at a size for tests: every model that ``pyrodgm.models`` exports, found by itself, with its variants."""

import inspect

import pytest
import torch

import pyrodgm.models

X_SIZE, CLASSES, ROWS = 6, 3, 7
SMALL = {"x_size": X_SIZE, "num_classes": CLASSES, "z_size": 2, "a_size": 3, "z_y_size": 3, "hidden": (8, 5)}
VARIANTS = {
    "ADGM": [{"a_reads_x": True}, {"auxiliary": "deterministic"}],
    "LatentClassifierVAE": [{"bound": "jensen"}, {"x_reads_y": False}],
    "M2": [{"classifier_hidden": (4,)}],
}
LIKELIHOODS = ["bernoulli", "normal", ("binomial", {"total_count": 4}), ("categorical", {"num_levels": 5})]
POSTERIORS = ["normal", "full", ("iaf", {"num_steps": 2})]


def small(model_class, **options):
    """A small instance: the shared arguments that the class takes, and the given ones."""
    taken = inspect.signature(model_class).parameters
    return model_class(**{key: value for key, value in SMALL.items() if key in taken} | options)


def labels_alone(model):
    """Names of the networks that learn nothing from a row without a label."""
    kind = type(model).__name__
    if kind == "SplitLatentClassifierVAE" or (kind == "LatentClassifierVAE" and not model.x_reads_y):
        return ("p_y",)
    return ("f_y",) if kind == "AdversarialM2" else ()


def model_classes():
    classes = [getattr(pyrodgm.models, name) for name in pyrodgm.models.__all__]
    return [c for c in classes if not inspect.isabstract(c)]


def name(option):
    return option if isinstance(option, str) else option[0]


def every_pair():
    """Every model with every posterior, every likelihood, batch normalisation, and its variants."""
    cases = []
    for c in model_classes():
        options = [{"posterior": p} for p in POSTERIORS] + [{"likelihood": v} for v in LIKELIHOODS[1:]]
        options += [{"batch_norm": True}, {"hidden": ()}, *VARIANTS.get(c.__name__, [])]
        for o in options:
            label = "-".join(f"{name(v)}" if k in ("posterior", "likelihood") else f"{k}={v}" for k, v in o.items())
            cases.append(pytest.param(c, o, id=f"{c.__name__}-{label}"))
    return cases


def rows(model):
    """Data on the scale of the model's likelihood, and labels where it has classes."""
    counts = model.p_x.scale > 1
    x = torch.randint(0, model.p_x.scale + 1, (ROWS, X_SIZE)).float() if counts else torch.rand(ROWS, X_SIZE)
    y = None if model.num_classes is None else torch.arange(ROWS) % model.num_classes
    return x, y
