"""Checks for model/guide pairs, those of the zoo and your own. Each raises an ``AssertionError`` that says what failed.

``check_pair(m, x, y)`` runs all of them. They apply to any pair like those of the zoo, with rows x, and possibly with a
class y that is enumerated in the guide or only in the model. All latents must be in one plate and reparameterised.
"""

import copy
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyro
import torch
from pyro import poutine
from pyro.infer import SVI, Predictive, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm.distributions import SumAndSample
from pyrodgm.infer import SemiSupervisedELBO
from pyrodgm.infer.traces import latent_sites, random_sites
from pyrodgm.models.base import DeepGenerativeModel, Model

_ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)


def check_sites(model: Model, x: torch.Tensor, y: torch.Tensor | None = None) -> None:
    """Check that x and a given y are observed, that a y that is not given is summed, and that the latents agree.

    The guide must draw every latent of the model and no other, except a class that the model sums. Such slips also
    change the loss, but a number does not say why. Arguments as for ``check_pair``.

    Example::

        check_sites(m, x, y)
    """
    model, wrong = copy.deepcopy(model), []  # a run updates batch statistics
    for labels in [None] if y is None else [None, y]:
        guide, generative = _traces(model, x, labels)
        drawn, generated = random_sites(guide), random_sites(generative)
        for part, sites in (("guide", drawn), ("model", generated)):
            free = [name for name, site in sites.items() if not site["cond_indep_stack"]]
            assert not free, (
                f"the {part} has no plate around {', '.join(free)}: write `with self.batch(x, y, size) as y:`, or "
                "`with pyro.plate('batch', size):` in a pair without the base class"
            )
        if "x" not in generated or not generated["x"]["is_observed"]:
            wrong.append("the model does not observe x: write pyro.sample('x', ..., obs=x)")
        sites_of_y = [sites["y"]["fn"] for sites in (drawn, generated) if "y" in sites]
        if _num_classes(model) is not None and any(fn.event_dim == 0 for fn in sites_of_y):
            wrong.append("y is a class index, and only one-hot values are compared: draw it from a OneHotCategorical")
        if labels is None:
            of_y = drawn.get("y", generated.get("y"))
            if getattr(model, "relaxed", False) or (of_y is not None and isinstance(of_y["fn"], SumAndSample)):
                wrong.append(
                    f"y is not summed over all classes with classes={model.classes!r}: check the pair with "
                    "classes='enumerated'"
                )
            elif of_y is not None and of_y["infer"].get("enumerate") != "parallel":
                wrong.append(
                    "a y that is not given is not enumerated in parallel: draw it with self.sample_class, or with "
                    "infer={'enumerate': 'parallel'}"
                )
        elif "y" in drawn:
            wrong.append("the guide draws a y that is given: write `if y is None:` above its site y")
        elif "y" in generated and not generated["y"]["is_observed"]:
            wrong.append("the model does not observe a y that is given: write pyro.sample('y', ..., obs=y)")
        enumerated = [name for name, s in (generated | drawn).items() if s["infer"].get("enumerate") == "parallel"]
        classes = [] if _num_classes(model) is None else ["y"]
        wrong += [
            f"{name} is enumerated, and only a class y is compared with a brute-force sum: name the site y, with "
            "one-hot values, and give the number of its values as num_classes"
            for name in enumerated
            if name not in classes
        ]
        wrong += [
            f"the guide draws {site}, but the model has no such site"
            for site in drawn
            if site not in generated and not drawn[site]["infer"].get("is_auxiliary")
        ]
        wrong += [
            f"the model draws {site}, but the guide has no such site"
            for site in latent_sites(generative)
            if site not in drawn and site not in ("x", "y")
        ]
    assert not wrong, "; ".join(dict.fromkeys(wrong))


def _traces(model, x, y):
    """Traces of guide and model. The error says so if a pair runs with one-hot rows only."""

    def run(*args):
        guide = poutine.trace(model.guide).get_trace(*args)
        return guide, poutine.trace(poutine.replay(model.model, trace=guide)).get_trace(*args)

    if y is None:
        return run(x)
    try:
        return run(x, y)
    except (RuntimeError, ValueError) as error:
        if y.dim() == 1 and _num_classes(model) is not None:
            with suppress(RuntimeError, ValueError):
                run(x, torch.nn.functional.one_hot(y, model.num_classes).to(x))
                raise AssertionError(
                    "y as class indices raises an error, and y as one-hot rows does not: write "
                    "`with self.batch(x, y, size) as y:` in model and guide, or give one-hot rows"
                ) from error
        raise


def brute_force_loss(
    model: Model, x: torch.Tensor, latents: dict[str, torch.Tensor], one_hot: bool = False
) -> torch.Tensor:
    """The unlabelled loss as a sum over classes, one at a time, without enumeration.

    - sum_y q(y|x) [log p(x, y, latents_y) - log q(latents_y | x, y) - log q(y|x)]    (Kingma 2017, eq. 3.8)
    - log sum_y p(x, y, latents) / q(latents | x)                                      for a guide without a y

    Each class is an ordinary run of guide and model with y given, conditioned on fixed latents.

    Args:
        model: the pair, with ``num_classes`` and a site ``y``, or with ``num_classes`` None.
        x: rows ``(B, D)``.
        latents: dict from site to value, ``(B, d)``, or ``(K, B, d)`` if there is one value per class; with any event
            shape if the model has no classes.
        one_hot: whether model and guide get y as one-hot rows ``(B, K)`` instead of class indices ``(B,)``.

    Returns:
        The loss, a scalar tensor.

    Example::

        latents = {"z": torch.randn(3, 5, 2)}       # (K, B, z)
        brute_force_loss(m, x, latents)
    """

    def rows_of(k):
        return torch.eye(model.num_classes).to(x)[k].expand(len(x), -1)

    def log_ratio(k):
        y, values = None, latents
        if k is not None:
            y = rows_of(k) if one_hot else torch.full((len(x),), k, device=x.device)
            values = {s: v[k] if v.dim() == 3 and len(v) > 1 else v.reshape(v.shape[-2:]) for s, v in latents.items()}
        guide = poutine.trace(poutine.condition(model.guide, values)).get_trace(x, y)
        pair = poutine.trace(poutine.condition(model.model, values)).get_trace(x, y)
        return row_log_prob(pair) - row_log_prob(guide), values

    if _num_classes(model) is None:
        return -log_ratio(None)[0].sum()
    total: Any = 0.0
    ratios = []
    for k in range(model.num_classes):
        ratio, values = log_ratio(k)
        guide = poutine.trace(poutine.condition(model.guide, values | {"y": rows_of(k)})).get_trace(x)
        ratios.append(ratio)
        if "y" in guide.nodes:
            log_q = guide.nodes["y"]["fn"].log_prob(rows_of(k))
            total = total + log_q.exp() * (ratio - log_q)
    if "y" not in guide.nodes:
        total = torch.stack(ratios).logsumexp(0)
    return -total.sum()


def row_log_prob(trace: poutine.Trace) -> torch.Tensor:
    """The log-probability of each row ``(..., B)``, scaled and masked as in a bound, summed over a trace's sites.

    Example::

        guide = poutine.trace(m.guide).get_trace(x, y)
        model = poutine.trace(poutine.replay(m.model, trace=guide)).get_trace(x, y)
        row_log_prob(model) - row_log_prob(guide)       # (5,)
    """
    trace.compute_log_prob()
    return sum(site["log_prob"] for site in random_sites(trace).values())


def _num_classes(model):
    """The number of classes; None for a pair without classes, whether or not it says so."""
    return getattr(model, "num_classes", None)


@contextmanager
def _in_double() -> Iterator[None]:
    """Tensors such as ``torch.zeros(2)``, which a model makes when it runs, are in double precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@_in_double()
def check_enumeration(model: Model, x: torch.Tensor, tolerance: float = 1e-9, one_hot: bool = False) -> None:
    """Check that the loss of ``TraceEnum_ELBO`` equals the brute-force sum over y with the same noise, in float64.

    Args:
        model, x: as for ``check_pair``.
        tolerance: the largest relative error.
        one_hot: as for ``brute_force_loss``.

    Example::

        check_enumeration(m, x)
    """
    model = copy.deepcopy(model).double()
    x, seen = x.double(), []

    def guide(*args):
        with poutine.trace() as capture:
            model.guide(*args)
        seen.append(capture.trace)

    try:
        loss = _ELBO.differentiable_loss(model.model, guide, x).item()
    except RuntimeError as error:
        if "dtype" not in str(error):
            raise
        raise AssertionError(
            "the pair was run in double precision, and it makes tensors of another dtype: write `.to(x)` in place of "
            f"`.float()`. {str(error).splitlines()[0]}"
        ) from error
    values = {name: site["value"] for name, site in latent_sites(seen[0]).items() if name != "y"}
    with torch.no_grad():
        expected = brute_force_loss(model, x, values, one_hot).item()
    error = abs(loss / expected - 1)
    assert error <= tolerance, f"TraceEnum loss {loss:.12g}, brute force {expected:.12g}: off by {error:.2g}"


def check_every_parameter_moves(
    model: Model, x: torch.Tensor, y: torch.Tensor | None = None, labels_alone: Sequence[str] = ()
) -> None:
    """Check that one step of SVI changes every parameter, without labels or with the objective of the model's paper.

    Args:
        model, x, y: as for ``check_pair``. With y, the step uses labels.
        labels_alone: names of networks that learn from labels only; a step without labels must not change them.

    Example::

        check_every_parameter_moves(m, x)
        check_every_parameter_moves(m, x, y)
    """
    model = copy.deepcopy(model)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    loss = _ELBO if y is None else SemiSupervisedELBO.of(model, _ELBO, alpha=1.0)
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), loss)
    svi.step(**({"x": x} if y is None else {"labelled": (x, y), "unlabelled": x}))
    wrong: dict[bool, list[str]] = {True: [], False: []}
    for name, parameter in model.named_parameters():
        moves = parameter.requires_grad and (y is not None or name.split(".")[0] not in labels_alone)
        if torch.equal(before[name], parameter) == moves:
            wrong[moves].append(name)
    assert not wrong[True], f"a step of SVI did not move {', '.join(wrong[True])}"
    assert not wrong[False], f"a step of SVI without labels moved {', '.join(wrong[False])}"


def check_instances_are_apart(model: Model, x: torch.Tensor, y: torch.Tensor | None = None) -> None:
    """Check that, after a step, a deep copy of the model trains, and so does a pickled one.

    Example::

        check_instances_are_apart(m, x, y)
    """
    svi = SVI(model.model, model.guide, Adam({"lr": 0.0}), _ELBO)
    svi.step(x)
    check_every_parameter_moves(copy.deepcopy(model), x, y)
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    check_every_parameter_moves(torch.load(buffer, weights_only=False), x, y)


def check_round_trip(model: Model, x: torch.Tensor) -> None:
    """Check that the state dict restores the same loss, to the last bit, in a model with other parameters.

    Example::

        check_round_trip(m, x)
    """
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1.0)
    other.load_state_dict(model.state_dict())
    losses = []
    for pair in (model, other):
        pyro.set_rng_seed(0)
        losses.append(_ELBO.loss(pair.model, pair.guide, x))
    assert losses[0] == losses[1], f"the loss was {losses[0]} and is {losses[1]} after a state-dict round trip"


def check_generates(model: Model, x: torch.Tensor, y: torch.Tensor | None = None) -> None:
    """Check that ``Predictive`` draws x of the right shape without data, with labels, and given latents.

    Example::

        check_generates(m, x, y)
    """
    size = x.shape[1]
    shapes = {"without data": (Predictive(model.model, num_samples=3)()["x"].shape, (3, 1, size))}
    if y is not None:
        shapes["with labels"] = (Predictive(model.model, num_samples=3)(y=y)["x"].shape, (3, len(y), size))
    latents = list(latent_sites(poutine.trace(model.guide).get_trace(x)))
    posterior = Predictive(model.guide, num_samples=3, return_sites=latents)(x)
    replica = Predictive(model.model, posterior_samples=posterior)(size=len(x))["x"]
    shapes["given latents"] = (replica.shape, (3, *x.shape))
    wrong = [f"{case}: {tuple(got)}, want {want}" for case, (got, want) in shapes.items() if tuple(got) != want]
    assert not wrong, "Predictive gave x of shape " + "; ".join(wrong)


def check_pair(model: Model, x: torch.Tensor, y: torch.Tensor | None = None) -> None:
    """Run every check of this module. Pyro's parameter store is afterwards as it was.

    Args:
        model: a ``DeepGenerativeModel``; or a module with ``model``, ``guide`` and, if it has classes,
            ``num_classes``, whose copies need not train side by side.
        x: a few rows ``(B, D)``.
        y: class indices ``(B,)``, for a model with a y; or one-hot rows ``(B, K)``, if model and guide take only those.

    Raises:
        AssertionError: if a check fails; the message says what is wrong.

    Example::

        check_pair(MyModel(x_size=4, num_classes=3), torch.rand(5, 4), torch.tensor([0, 1, 2, 0, 1]))
    """
    checks = [
        lambda: check_sites(model, x, y),
        lambda: check_enumeration(model, x, one_hot=y is not None and y.dim() == 2),
        lambda: check_every_parameter_moves(model, x, y),
        lambda: check_round_trip(model, x),
        lambda: check_generates(model, x, y),
    ]
    if isinstance(model, DeepGenerativeModel):
        checks.append(lambda: check_instances_are_apart(model, x, y))
    for check in checks:
        with pyro.get_param_store().scope():  # the copies of a plain pair have the same names in the store
            check()
