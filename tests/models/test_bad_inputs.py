"""Bad inputs, each with the message it must produce."""

import inspect
import math

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm.models import ADGM, M2, VAE, DeepGenerativeModel
from tests.pairs import model_classes, small

X, Y = torch.rand(5, 6), torch.tensor([0, 1, 2, 0, 1])
SHAPES = [
    (X[0], None, r"x: got shape \(6,\), want \(B, 6\)"),
    (torch.rand(5, 2, 3), None, r"x: got shape \(5, 2, 3\), want \(B, 6\)"),
    (torch.rand(5, 7), None, r"x: got shape \(5, 7\), want \(B, 6\)"),
    (X.numpy(), None, "x: got ndarray, want a torch.Tensor of shape"),
    (X.double(), None, "x: got dtype torch.float64, want torch.float32 like the parameters"),
    (X.long(), None, "x: got dtype torch.int64, want a floating-point tensor"),
    (X[:0], None, r"x: got an empty batch of shape \(0, 6\), want at least one row"),
    (X, Y[:4], "y: got 4 labels, want 5, one for each row of x"),
    (X, Y.float(), "y: got dtype torch.float32, want class indices"),
    (X, torch.eye(4)[Y], r"y: got shape \(5, 4\), want class indices .* or one-hot rows \(B, 3\)"),
    (X, torch.eye(3)[Y].to(torch.complex64), "y: got dtype torch.complex64, want class indices"),
    (X, Y.tolist(), "y: got list, want a torch.Tensor"),
]
VALUES = [
    (torch.where(X[0, 0] == X, math.nan, X), None, "x: got 1 NaN or infinite values, want finite numbers"),
    (torch.where(X[0, 0] == X, math.inf, X), None, "x: got 1 NaN or infinite values, want finite numbers"),
    (X + 1, None, r"x: got values from 1\.\d+ to \d.*, want values in \[0, 1\]"),
    (X, Y + 1, "y: got labels from 1 to 3, want 0 to 2"),
    (X, Y - 1, "y: got labels from -1 to 1, want 0 to 2"),
    (X, torch.ones(5, 3), "y: got rows that are not one-hot"),
]


@pytest.mark.parametrize("model_class", [M2, ADGM])
@pytest.mark.parametrize(("x", "y", "message"), SHAPES + VALUES)
def test_a_step_refuses_them(model_class, x, y, message):
    model = small(model_class)
    svi = SVI(model.model, model.guide, Adam({"lr": 0.1}), TraceEnum_ELBO(max_plate_nesting=1))
    with pytest.raises(ValueError, match=message):
        svi.step(x, y)
    with pytest.raises(ValueError, match=message):
        model.model(x, y)


@pytest.mark.parametrize(("x", "y", "message"), SHAPES)
def test_shapes_are_checked_without_validation_too(x, y, message):
    with pyro.validation_enabled(False), pytest.raises(ValueError, match=message):
        small(M2).guide(x, y)


@pytest.mark.parametrize("validation", [False, True])
def test_values_are_read_only_while_validation_is_on(monkeypatch, validation):
    read = []
    for check in ("check_values", "check_label_values"):
        monkeypatch.setattr(f"pyrodgm.models.base.{check}", lambda *args, check=check: read.append(check))
    with pyro.validation_enabled(validation):
        small(M2).model(X, Y)
    assert read == (["check_values", "check_label_values"] if validation else [])


def test_counts_must_be_counts():
    model = small(VAE, likelihood=("binomial", {"total_count": 4}))
    with pytest.raises(ValueError, match="x: got values from .*, want integers from 0 to 4"):
        model.model(X)


def test_a_model_without_classes_refuses_labels():
    with pytest.raises(ValueError, match="y: got labels, want None: VAE has no y"):
        small(VAE).model(X, Y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"likelihood": "gamma"}, "likelihood: got 'gamma', want one of bernoulli, binomial, categorical, "),
        ({"posterior": "flow"}, "posterior: got 'flow', want one of full, iaf, normal, planar, radial"),
        ({"auxiliary": "none"}, "auxiliary: got 'none', want one of deterministic, stochastic, uninformed"),
        ({"activation": "swish"}, "activation: got 'swish'"),
        ({"num_classes": 0}, "num_classes: got 0, want a positive int"),
        ({"classes": ("sampled", {"top": 1.0})}, "classes: sampled: top: got 1.0, want an int from 1 to 2"),
        ({"classes": ("sampled", {"top": 3})}, "classes: sampled: top: got 3, want an int from 1 to 2"),
        ({"classes": ("sampled", {"top": True})}, "classes: sampled: top: got True, want an int from 1 to 2"),
    ],
)
def test_names_that_do_not_exist(options, message):
    with pytest.raises(ValueError, match=message):
        small(ADGM, **options)


def sizes():
    """Every model with each of its arguments that is one size."""
    return [(c, name) for c in model_classes() for name in inspect.signature(c).parameters if name.endswith("_size")]


@pytest.mark.parametrize(("model_class", "name"), sizes())
def test_a_size_is_a_positive_int(model_class, name):
    for size in (-1, 2.0):
        with pytest.raises(ValueError, match=f"^{name}: got {size}, want a positive int"):
            small(model_class, **{name: size})


class WithoutLikelihood(DeepGenerativeModel):
    def __init__(self):
        super().__init__(4, None, 2)
        self.decoder = torch.nn.Linear(2, 4)

    def model(self, x=None, y=None, size=1):
        with self.batch(x, y, size):
            z = pyro.sample("z", self.standard_normal(2))
            return pyro.sample("x", dist.Bernoulli(logits=self.decoder(z)).to_event(1), obs=x)

    def guide(self, x, y=None, size=1):
        with self.batch(x, y, size):
            pyro.sample("z", self.standard_normal(2))


@pytest.mark.parametrize(("p_x", "got"), [(None, "none"), (torch.nn.Linear(2, 4), "Linear")])
@pytest.mark.parametrize("use", [lambda m: m.model(torch.zeros(3, 4)), lambda m: m.scaled(torch.zeros(3, 4))])
def test_a_model_without_a_likelihood_is_told_so(p_x, got, use):
    m = WithoutLikelihood()
    if p_x is not None:
        m.p_x = p_x
    with pytest.raises(ValueError, match=f"p_x: got {got} in WithoutLikelihood, want the network of p"):
        use(m)
