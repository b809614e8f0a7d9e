"""The zoo at test size: every model that ``pyrodgm.models`` exports, found automatically, with its variants."""

import inspect
from contextlib import contextmanager

import pytest
import torch

from pyrodgm.models.catalogue import models_by_name

X_SIZE, CLASSES, ROWS = 6, 3, 7
SMALL = {"x_size": X_SIZE, "num_classes": CLASSES, "z_size": 2, "z1_size": 3, "a_size": 3, "hidden": (8, 5)}
SMALL |= {"image_shape": (3, 2), "maps": (3,)}
SMALL |= {"concatenation": False, "pixel_maps": 8}
SMALL |= {"depth": 2, "z_maps": 2}
SMALL |= {"z_sizes": (3, 2), "a_sizes": (3, 2), "z_y_size": 3}
VARIANTS = {
    "ADGM": [{"a_reads_x": True}, {"auxiliary": "deterministic"}, {"auxiliary": "uninformed"}],
    "AVAE": [{"z_sizes": (2,), "a_sizes": (3,)}, {"z_sizes": (4, 3, 2), "a_sizes": (2, 3, 4)}],
    "AuxiliaryLadderVAE": [{"z_sizes": (2,), "a_sizes": (3,)}, {"z_sizes": (4, 3, 2), "a_sizes": (2, 3, 4)}],
    "CaGeM": [{"skip": False}],
    "ClusterLadderVAE": [{"z_sizes": (4, 3, 2), "hidden": ((8, 6), (5,), (4,))}],
    "FAME": [{"z_sizes": (4, 3, 2), "image_shape": (3, 4, 2), "maps": (3, 2), "hidden": ((8, 6), (5,), (4,))}],
    "HierarchicalVAE": [{"z_sizes": (2,)}, {"z_sizes": (4, 3, 2), "hidden": ((8, 6), (5,), (4,))}],
    "SemiSupervisedFAME": [
        {"z_sizes": (2,)},
        {"z_sizes": (4, 3, 2), "image_shape": (3, 4, 2), "maps": (3, 2), "hidden": ((8, 6), (5,), (4,))},
    ],
    "IAFVAE": [{"image_shape": (4, 3, 2), "maps": (3, 2), "weight_norm": False}],
    "LadderVAE": [{"z_sizes": (2,)}, {"z_sizes": (4, 3, 2), "hidden": ((8, 6), (5,), (4,))}],
    "LatentClassifierVAE": [{"bound": "jensen"}, {"x_reads_y": False}],
    "M2": [{"classifier_hidden": (4,)}],
    "M1M2": [{"joint": True}, {"hidden": ((8, 7), (5,))}],
    "ResNetVAE": [
        {"inference": "bottom_up", "weight_norm": False},
        {"image_shape": (3, 4, 2), "depth": 3},
    ],
}
ALL_TRAIN = {"M1M2": {"joint": True}}  # for tests that see a model learn from nothing
OF_DENSE_LAYERS = ("hidden", "batch_norm", "scale_head")
QUICK_FLOWS = (
    "VAE",
    "ADGM",
    "CaGeM",
)  # with planar and radial posteriors in `make test`; the others in `make test-all`
LIKELIHOODS = ["bernoulli", "normal", ("binomial", {"total_count": 4}), ("categorical", {"num_levels": 5})]
LIKELIHOODS += [("discretized_logistic", {"num_levels": 5})]
MERGED = (
    "FAME",
    "SemiSupervisedFAME",
    "LadderVAE",
    "AuxiliaryLadderVAE",
    "ClusterLadderVAE",
)  # whose posteriors begin as products of diagonal normals
OF_MAPS = ("ResNetVAE",)  # whose latents are maps, and whose networks have no dense layers
POSTERIORS = ["normal", "full", ("planar", {"num_steps": 2}), ("radial", {"num_steps": 2}), ("iaf", {"num_steps": 2})]


def small(model_class, **options):
    """A small instance: the shared arguments that the class takes, and the given ones.

    Of networks that are convolutions alone, the options of dense layers say nothing, and the likelihood is a Bernoulli.
    """
    taken = inspect.signature(model_class).parameters
    if model_class.__name__ in OF_MAPS:
        options = {"maps": 4, "likelihood": "bernoulli"} | options
        options = {key: value for key, value in options.items() if key in taken or key not in OF_DENSE_LAYERS}
    if model_class.__name__ == "SemiSupervisedFAME":  # of three maps, all units of a layer may begin at zero
        options = {"maps": (6,)} | options
    arguments = {key: value for key, value in SMALL.items() if key in taken} | options
    kind = model_class.__name__
    refused = [key for key in arguments if key not in taken]
    assert not refused, f"{kind} takes no {', '.join(refused)}: the constructor must take **options of Networks"
    unset = [key for key, p in taken.items() if p.default is p.empty and key not in arguments]
    assert not unset, f"{kind} needs {', '.join(unset)}: add a small value to SMALL in tests/pairs.py"
    return model_class(**arguments)


def of_known_evidence(model_class):
    """A small instance that is linear and normal, or has one latent of two units, for a sum over a grid of it.

    Where q begins as p, and all bounds are alike, it is not as it begins.
    """
    sizes = {"FAME": {"z_sizes": (2,)}, "ResNetVAE": {"depth": 1, "z_maps": 1}}
    sizes = (sizes | {"SemiSupervisedFAME": sizes["FAME"]}).get(model_class.__name__, {})
    model = small(model_class, hidden=(), likelihood="normal", **sizes)
    if model_class.__name__ in OF_MAPS:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
    return model


def labels_alone(model):
    """Names of the networks that learn nothing from a row without a label."""
    kind = type(model).__name__
    if kind == "SplitLatentClassifierVAE" or (kind == "LatentClassifierVAE" and not model.x_reads_y):
        return ("p_y",)
    return ("f_y",) if kind == "AdversarialM2" else ()


def of_rows_alone(model_class):
    """Whether the latents are those of each row; weights with a distribution, for instance, belong to all rows."""
    return "data_size" not in inspect.signature(model_class).parameters


def model_classes():
    """Those of rows, with latents of each row alone; a density without data is none."""
    return [c for c in models_by_name().values() if of_rows_alone(c)]


def name(option):
    return option if isinstance(option, str) else option[0]


def posteriors_of(model_class):
    """The posteriors that a model takes, the diagonal normal first."""
    if model_class.__name__ in OF_MAPS:
        return [p for p in POSTERIORS if name(p) in ("normal", "iaf")]
    return [p for p in POSTERIORS if p != "full" or model_class.__name__ not in MERGED]


def options_of(model_class, everything=True):
    """A model's variants, and every posterior, every likelihood, batch normalisation, and no hidden layers."""
    options = [{}, *VARIANTS.get(model_class.__name__, [])]
    if everything:
        options += [{"posterior": p} for p in posteriors_of(model_class)[1:]] + [
            {"likelihood": v} for v in LIKELIHOODS[1:]
        ]
        options += [{"batch_norm": True}, {"hidden": ()}] if model_class.__name__ not in OF_MAPS else []
    return options


def every_pair(thorough=None):
    """Every model with its variants, and those of ``thorough`` (None: all) with every option of their networks."""
    cases = []
    for c in model_classes():
        for o in options_of(c, everything=thorough is None or c in thorough):
            label = "-".join(f"{name(v)}" if k in ("posterior", "likelihood") else f"{k}={v}" for k, v in o.items())
            slow = name(o.get("posterior", "")) in ("planar", "radial") and c.__name__ not in QUICK_FLOWS
            cases.append(pytest.param(c, o, id=f"{c.__name__}-{label}", marks=[pytest.mark.slow] if slow else []))
    return cases


def every_posterior():
    """Every model with every posterior that is not a diagonal normal, and every step of ``"iaf"``."""
    steps = [("iaf", {"num_steps": 2, "step": "affine", "made_hidden": ()})]
    steps += [("iaf", {"num_steps": 3, "step": "location", "made_hidden": (1, 3), "reverse_every": 2})]
    return [
        pytest.param(
            c,
            {"posterior": p},
            id="-".join([c.__name__, name(p), *([] if isinstance(p, str) or "step" not in p[1] else [p[1]["step"]])]),
            marks=[] if c.__name__ in QUICK_FLOWS else [pytest.mark.slow],
        )
        for c in model_classes()
        for p in posteriors_of(c)[1:] + steps
    ]


def slow_unless(quick, cases):
    """The cases, with the marker slow where ``quick(model_class, options)`` is false: thorough repetitions."""
    return [c if quick(*c.values) else pytest.param(*c.values, id=c.id, marks=pytest.mark.slow) for c in cases]


def as_it_comes(model_class, options):
    """Whether a model is as it comes, without a variant or an option of its networks."""
    return not options


def rows(model):
    """Data on the scale of the model's likelihood, and labels where it has classes."""
    counts = model.p_x.scale > 1
    shape = ROWS, model.x_size
    x = torch.randint(0, model.p_x.scale + 1, shape).float() if counts else torch.rand(shape)
    y = None if model.num_classes is None else torch.arange(ROWS) % model.num_classes
    return x, y


@contextmanager
def accepted(*errors):
    """Let a test fail by name where the package refuses what it should accept with one of these errors."""
    try:
        yield
    except errors as error:
        pytest.fail(f"refused: {error}")
