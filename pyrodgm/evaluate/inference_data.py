"""Export to ArviZ: posterior and prior draws, replicated data and log-likelihoods, with named dimensions."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from pyro import poutine

from pyrodgm.checks import check_size
from pyrodgm.evaluate.batched import evaluating
from pyrodgm.infer.traces import latent_sites, random_sites, refuse_guide_only, refuse_scaled
from pyrodgm.nn.convolution import check_image_shape
from pyrodgm.types import ModelAndGuide


def to_inference_data(
    model: ModelAndGuide,
    x: torch.Tensor,
    y: torch.Tensor | None = None,
    num_samples: int = 100,
    image_shape: Sequence[int] | None = None,
) -> Any:
    """Draws from guide and prior, replicated data and pointwise log-likelihoods, for ArviZ.

    The groups are as follows. z stands for every latent (``z``, ``a``, ``y``, ...), and the dimensions follow ``chain``
    and ``draw``::

        posterior              z (datum, z_unit)        z_s ~ q(z | x), the guide
        posterior_predictive   x (datum, x_feature)     x_rep ~ p(x | z_s), a replicate of every row
        log_likelihood         x (datum)                log p(x_n | z_s)
        sample_stats           log_weight (datum)       log p(x_n, z_s) - log q(z_s | x_n)
        prior                  z (datum, z_unit)        z_s ~ p(z)
        prior_predictive       x (datum, x_feature)     x ~ p(x | z_s), as many rows as the data
        observed_data          x (datum, x_feature)     the rows, without chain and draw
        constant_data          y (datum, class)         the labels, if given, without chain and draw

    If y is not given, it is drawn from q(y | x) as a one-hot row ``y (datum, class)``. Its mean over the draws is the
    probability of each class, and ``.idxmax("class")`` gives an index. If y is given, everything is conditioned on it:
    p(x | y, z), also in the prior groups, and ``log_weight`` uses p(x, y, z). Classes and counts are integers, so that
    ArviZ plots them as discrete.

    The draws are independent draws from the guide, not from the true posterior. They form one chain, whose r_hat and
    effective sample size are meaningless. ``log_weight`` shows how far the guide is from the posterior, row by row: if
    the Pareto k of exp(log_weight) is above 0.7, do not trust the draws (Yao et al. 2018). Its log-mean-exp over the
    draws is the importance-weighted bound on log p(x_n) (Burda et al. 2016, eq. 8).

    Be careful with ``arviz.loo``. The parameters are fixed and every row has its own latents, so without row n its
    latents follow the prior, and the target is log p(x_n). The estimate is the harmonic mean 1 / E_q[1 / p(x_n | z)].
    It is correct only if q is the true posterior, and even then its variance is rarely finite. Expect most Pareto k
    above 0.7 and a value that keeps falling with the number of draws. The same holds for ``arviz.compare``. Compare
    models by the log-mean-exp of ``log_weight`` instead: it has the same target and approaches it from below in
    expectation. Use rows that neither model was trained on, as leaving a row out does not remove what the parameters
    have learned from it.

    Memory: num_samples x N x (2 D + 2 d + 2) floats for D features and d latent units, and temporarily twice that.
    100 draws of 500 rows take 30 MB for D = 64 and 320 MB for D = 784.

    Args:
        model: a ``DeepGenerativeModel``, or any torch module with methods ``model`` and ``guide`` whose sites lie
            in one plate over the rows, x among them.
        x: rows ``(N, D)``.
        y: labels to condition on, indices ``(N,)`` or one-hot rows ``(N, K)``; or, for a pair without classes, numbers
            that its model and guide take; or None.
        num_samples: number of draws.
        image_shape: ``(H, W)`` or ``(H, W, C)``, which replaces the dimension ``x_feature`` by ``x_row``, ``x_column``
            and ``x_channel``; or None.

    Returns:
        ``arviz.InferenceData`` with ArviZ below 1.0; ``xarray.DataTree`` with ArviZ 1.0 and later.

    Raises:
        ValueError: for ``num_samples`` below 1; an ``image_shape`` that is not the shape of an image of D values; a
            site that is not drawn once per row, or is scaled or masked; if x is not observed; or if the guide draws a
            site that the model does not have.

    Example::

        draws = to_inference_data(m, data.test.x[:200])
        arviz.summary(draws, var_names=["z"], coords={"datum": [0]}, kind="stats")
        # then arviz.plot_ppc(draws, num_pp_samples=20), or from ArviZ 1.0 on arviz.plot_ppc_dist(draws, num_samples=20)
    """
    check_size("num_samples", num_samples)
    if image_shape is not None and math.prod(check_image_shape(image_shape)) != x.shape[1]:
        raise ValueError(f"image_shape: got {tuple(image_shape)}, want {x.shape[1]} values")
    with evaluating(model):
        draws = [_draw(model, x, y) for _ in range(num_samples)]
    datasets = {
        group: _dataset({name: np.stack([draw[group][name] for draw in draws])[None] for name in names}, image_shape)
        for group, names in draws[0].items()
    }
    observed = x.cpu().numpy().astype(draws[0]["posterior_predictive"]["x"].dtype)
    datasets["observed_data"] = _dataset({"x": observed}, image_shape, samples=())
    if y is not None:
        constant = _constant(model, y)
        given = _dataset({"y": constant}, image_shape, samples=())
        numbers = constant.dtype.kind == "f" and constant.ndim > 1
        datasets["constant_data"] = given.rename({"class": "y_unit"}) if numbers else given
    return _pack(datasets)


def _constant(model, y):
    """Labels as one-hot integers ``(N, K)``; other numbers of a pair without classes as they are."""
    num_classes = getattr(model, "num_classes", None)
    if num_classes is None and y.is_floating_point():
        return y.cpu().numpy()
    return (F.one_hot(y.long(), num_classes or -1) if y.dim() == 1 else y).int().cpu().numpy()


def _draw(model, x, y):
    """One draw of every group: dict from group to dict from variable to array ``(N, ...)``."""
    guide = poutine.trace(model.guide).get_trace(x, y)
    joint = poutine.trace(poutine.replay(model.model, trace=guide)).get_trace(x, y)
    refuse_guide_only(random_sites(joint), random_sites(guide))
    latent = list(latent_sites(joint))
    if "x" in latent:
        raise ValueError("model: got a site 'x' that is drawn although x is given, want it observed: obs=x")
    drawn = {site: joint.nodes[site]["value"] for site in latent}
    replica = poutine.trace(poutine.condition(model.model, drawn)).get_trace(None, y, size=len(x))
    prior = poutine.trace(model.model).get_trace(None, y, size=len(x))
    log_p, log_q = _log_probs(joint, len(x)), _log_probs(guide, len(x))
    # a latent that only the model has was drawn from its own conditional, so its density cancels
    proposed = [site for site, node in random_sites(joint).items() if site in log_q or node["is_observed"]]
    log_weight = sum(log_p[site] for site in proposed) - sum(log_q.values())
    return {
        "posterior": _values(joint, latent, len(x)),
        "posterior_predictive": _values(replica, ["x"], len(x)),
        "log_likelihood": {"x": log_p["x"].double().cpu().numpy()},
        "sample_stats": {"log_weight": log_weight.double().cpu().numpy()},
        "prior": _values(prior, [site for site in latent_sites(prior) if site != "x"], len(x)),
        "prior_predictive": _values(prior, ["x"], len(x)),
    }


def _log_probs(trace, rows):
    """The log-probability ``(N,)`` of each site of a trace."""
    nodes = random_sites(trace)
    log_probs = {site: node["fn"].log_prob(node["value"]) for site, node in nodes.items()}
    for site, log_prob in log_probs.items():
        refuse_scaled(site, nodes[site])
        if log_prob.shape != (rows,):
            raise ValueError(f"model: got log p({site}) of shape {tuple(log_prob.shape)}, want one per row, ({rows},)")
    return log_probs


def _values(trace, sites, rows):
    """Values ``(N, ...)`` by site; integers if the distribution is discrete, for plotting."""
    nodes = {site: trace.nodes[site] for site in sites}
    for site, node in nodes.items():
        if node["value"].shape[:1] != (rows,):
            got = f"site {site!r} of shape {tuple(node['value'].shape)} for {rows} rows"
            raise ValueError(f"model: got {got}, want one value per row: every site in a plate over the rows")
    values = {site: n["value"].int() if n["fn"].support.is_discrete else n["value"] for site, n in nodes.items()}
    return {site: value.cpu().numpy() for site, value in values.items()}


def _dataset(variables, image_shape, samples=("chain", "draw")):
    """An ``xarray.Dataset`` of arrays of shape ``samples + (N, ...)``, with a coordinate for every dimension."""
    import xarray

    named, coordinates = {}, {}
    for name, value in variables.items():
        lead = (*samples, "datum")
        event = value.shape[len(lead) :]
        if name == "x" and event:
            names = ("x_feature",) if image_shape is None else ("x_row", "x_column", "x_channel")[: len(image_shape)]
            event = image_shape or event
        else:
            names = ("class" if name == "y" else f"{name}_unit",) if event else ()
            event = (math.prod(event),) if event else ()
        value = value.reshape(value.shape[: len(lead)] + tuple(event))
        named[name] = ((*lead, *names), value)
        coordinates |= {dimension: range(size) for dimension, size in zip(named[name][0], value.shape, strict=True)}
    return xarray.Dataset(named, coordinates)


def _pack(datasets):
    """Pack the data sets into the container type of the installed ArviZ version."""
    import arviz
    import xarray

    if arviz.__version__.startswith("0."):
        return arviz.InferenceData(**datasets)
    return xarray.DataTree.from_dict(datasets)
