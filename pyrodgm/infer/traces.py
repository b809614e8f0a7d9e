"""Runs model and guide once over samples and rows, with y enumerated, for objectives and evaluation."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import pyro
import torch
from pyro import poutine
from pyro.poutine.enum_messenger import EnumMessenger
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_subsample

SAMPLES = "samples of pyrodgm"  # a name that no plate of a pair has


class Pair(NamedTuple):
    """One run of model and guide: their sites by name, as in Pyro's traces, and ``shape``, (S, B).

    A log-probability has shape ``(S, B)``, or ``(K, S, B)`` if it depends on an enumerated y.
    """

    model: dict[str, dict[str, Any]]
    guide: dict[str, dict[str, Any]]
    shape: tuple[int, int]

    @property
    def classes(self) -> list[str]:
        """The names of the sites that the guide enumerates."""
        return [name for name, site in self.guide.items() if _dim(site) is not None]

    @property
    def hidden_classes(self) -> list[str]:
        """The names of the sites that only the model has and that it enumerates."""
        return [name for name, site in self.model.items() if _dim(site) is not None and name not in self.guide]

    @property
    def reading_hidden_classes(self) -> list[str]:
        """The names of the model's sites that depend on a class that only the model has, including that class."""
        dims = [_dim(self.model[name]) for name in self.hidden_classes]

        def reads(log_prob):
            return any(log_prob.dim() >= -dim and log_prob.shape[dim] > 1 for dim in dims)

        return [name for name, site in self.model.items() if reads(site["log_prob"])]

    def refuse_hidden_classes(self, *names: str) -> None:
        """Raise ``ValueError`` if one of the named sites depends on a class that only the model has.

        Such a site has no separate part in the bound.
        """
        if not set(names).isdisjoint(self.reading_hidden_classes):
            name = self.hidden_classes[0]
            raise ValueError(f"model: got site {name!r} enumerated in the model only, want it in the guide too")

    def refuse_nan(self, figure: torch.Tensor) -> None:
        """Raise ``ValueError`` if the result of a row, ``(B, ...)``, is NaN, and name a site that caused it."""
        wrong = figure.isnan().flatten(1).any(1) if figure.dim() > 1 else figure.isnan()
        if not bool(wrong.any()):
            return
        first, site = int(wrong.nonzero()[0]), next(_culprits(self), "no site by itself is NaN or infinite")
        raise ValueError(
            f"x: got {int(wrong.sum())} rows with a NaN result, the first is row {first} of its batch: {site}. "
            "Want rows that the networks can handle: scale x, or evaluate in double precision"
        )

    def log_p(self, *names: str) -> torch.Tensor:
        """log p of the named sites, or of all, summed over classes that only the model enumerates."""
        total = sum(self.model[name]["log_prob"] for name in names or self.model)
        dims = [_dim(self.model[name]) for name in self.hidden_classes]
        return total.logsumexp(dims, keepdim=True) if dims else total

    def log_q(self, *names: str) -> torch.Tensor:
        """log q of the named sites."""
        return sum(self.guide[name]["log_prob"] for name in names)

    def log_class_weights(self) -> torch.Tensor:
        """The log-weight of each enumerated class: the score of its site, which ``TraceEnum_ELBO`` also uses.

        For a categorical it is log q(y | ...). A distribution that enumerates only some classes has other weights.
        """
        return sum(self.guide[name]["score_parts"].score_function for name in self.classes)

    def log_weights(self) -> torch.Tensor:
        """log p - log q of every sample, with the sum over classes inside: ``(S, B)`` (Burda et al. 2016, eq. 8)."""
        return self._by_class(self.log_weights_of_classes()).logsumexp(0)

    def log_weights_of_classes(self) -> torch.Tensor:
        """log p - log q for each class, including those that only the model enumerates: ``(S, B)`` or ``(K, S, B)``."""
        log_p = sum(site["log_prob"] for site in self.model.values())
        log_q = self.log_q(*(name for name in self.guide if name not in self.classes))
        return log_p - log_q + self._log_class_counts()

    def _log_class_counts(self):
        """The log of the number of classes that each enumerated class stands for: zero if all are enumerated."""
        parts = (self.guide[name]["score_parts"] for name in self.classes)
        others = [(p.score_function, p.log_prob) for p in parts if p.score_function is not p.log_prob]
        return sum(torch.where(weight == log_q, 0.0, weight - log_q) for weight, log_q in others)

    def over_classes(self, values: torch.Tensor, event_dim: int = 0) -> torch.Tensor:
        """The weighted sum of values over an enumerated y.

        Args:
            values: ``(S, B, *event)`` or ``(K, S, B, *event)``, or a tensor that broadcasts to one of them.
            event_dim: number of dimensions of ``event``.

        Returns:
            ``(S, B, *event)``.
        """
        if self.classes:
            weights = self.log_class_weights().exp()[(..., *[None] * event_dim)]
            values = torch.where(weights > 0, values, 0.0) * weights  # leave out classes of weight zero
        return self._by_class(values, event_dim).sum(0)

    def mean(self, values: torch.Tensor, event_dim: int = 0) -> torch.Tensor:
        """E_q[values]: exact over an enumerated y, the average over the samples. Arguments as for ``over_classes``.

        Returns:
            ``(B, *event)``.
        """
        return self.over_classes(values, event_dim).mean(0)

    def _by_class(self, values, event_dim=0):
        """Values expanded to ``(K, S, B, *event)``, with K = 1 if they do not depend on a class."""
        shape = *self.shape, *values.shape[values.dim() - event_dim :]
        return values.expand(*values.shape[: -len(shape)], *shape).reshape(-1, *shape)


def _culprits(pair):
    """Describe the sites with NaN values or log-probabilities, then those with infinite ones, in order."""
    for is_wrong, what in ((torch.isnan, "NaN"), (torch.isinf, "infinite")):
        for part, sites in (("guide", pair.guide), ("model", pair.model)):
            for name, site in sites.items():
                for key, noun in (("value", "value"), ("log_prob", "log-probability")):
                    if bool(is_wrong(site[key]).any()):
                        yield f"site {name!r} of the {part} has a {noun} that is {what}"


def run_pair(
    model: Callable[..., Any],
    guide: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: dict[str, Any] | None = None,
    num_samples: int = 1,
    within: Messenger | None = None,
) -> Pair:
    """Run the guide, and replay the model against it, with ``num_samples`` samples of every latent for every row.

    y is enumerated as the guide specifies. Gradients are recorded as usual.

    Args:
        model, guide: the two functions of a pair, such as ``m.model`` and ``m.guide``; all sites are in one plate over
            the rows.
        args, kwargs: the arguments of both, such as rows and labels.
        num_samples: number of samples S.
        within: a Pyro handler in which the guide runs.

    Returns:
        A ``Pair``.

    Raises:
        ValueError: if a site is scaled, masked or not in the plate: a row then has no log-probability; or if only one
            of the two functions draws a latent: there is then no log p - log q. A class may be enumerated in the model
            only, and an auxiliary site may be in the guide only.

    Example::

        pair = run_pair(m.model, m.guide, (x,), num_samples=10)
        pair.mean(pair.log_p() - pair.log_q(*pair.guide))       # a bound for every row, (B,)
    """
    samples, kwargs = pyro.plate(SAMPLES, num_samples, dim=-2), kwargs or {}
    inferred = _trace_guide(guide, args, kwargs, samples, within or nullcontext())
    with EnumMessenger(), samples, poutine.replay(trace=inferred):
        generative = poutine.trace(model).get_trace(*args, **kwargs)
    sites, of_guide = _sites(generative), _sites(inferred)
    for name, site in sites.items():
        if name not in of_guide and not site["is_observed"] and _dim(site) is None:
            raise ValueError(f"model: got site {name!r}, which the guide lacks, want every latent in both, x observed")
    refuse_guide_only(sites, of_guide)
    return Pair(sites, of_guide, (num_samples, _rows(sites)))


def run_guide(
    guide: Callable[..., Any], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None, num_samples: int = 1
) -> Pair:
    """A ``Pair`` without a model: runs the guide only. Arguments as for ``run_pair``."""
    sites = _sites(_trace_guide(guide, args, kwargs or {}, pyro.plate(SAMPLES, num_samples, dim=-2), nullcontext()))
    return Pair({}, sites, (num_samples, _rows(sites)))


def random_sites(trace: poutine.Trace) -> dict[str, dict[str, Any]]:
    """The random variables of a Pyro trace, without plates: a dict from name to site."""
    sites = {name: site for name, site in trace.nodes.items() if site["type"] == "sample"}
    no_variables = [n for n, site in sites.items() if site_is_subsample(site) or site["infer"].get("_deterministic")]
    return {name: site for name, site in sites.items() if name not in no_variables}


def latent_sites(trace: poutine.Trace) -> dict[str, dict[str, Any]]:
    """The random variables of a Pyro trace that are not observed: a dict from name to site."""
    return {name: site for name, site in random_sites(trace).items() if not site["is_observed"]}


def _trace_guide(guide, args, kwargs, samples, within):
    with EnumMessenger(first_available_dim=-3), samples, within:
        return poutine.trace(guide).get_trace(*args, **kwargs)


def _sites(trace):
    sites = random_sites(trace)
    for name, site in sites.items():
        if not any(frame.dim == -1 for frame in site["cond_indep_stack"]):
            raise ValueError(
                f"model: got site {name!r} outside the plate over rows, want every site in it; for a BayesianVAE, "
                "want m.at(weights)"
            )
        refuse_scaled(name, site)
    trace.compute_score_parts()  # log-probabilities too
    return sites


def refuse_guide_only(model: dict[str, dict[str, Any]], guide: dict[str, dict[str, Any]]) -> None:
    """Raise ``ValueError`` if the guide draws a site that the model does not have and that is not auxiliary.

    Args:
        model, guide: their sites by name.
    """
    for name, site in guide.items():
        if name not in model and not site["infer"].get("is_auxiliary"):
            raise ValueError(f"guide: got site {name!r}, which the model lacks, want every latent in both")


def refuse_scaled(name: str, site: dict[str, Any]) -> None:
    """Raise ``ValueError`` if the log-probability of a site is scaled or masked: a row then has no density."""
    if isinstance(site["scale"], torch.Tensor) or site["scale"] != 1:
        raise ValueError(
            f"model: got site {name!r} scaled by {site['scale']}, want every density unscaled, outside a warm-up; "
            "for a plate that scales the rows of a subsample, want a plate over the given rows"
        )
    if site["mask"] is not None:
        raise ValueError(f"model: got site {name!r} masked, want every density unmasked")


def _rows(sites):
    """The number of rows: the size of the plate that all sites are in."""
    return next(frame.size for site in sites.values() for frame in site["cond_indep_stack"] if frame.dim == -1)


def _dim(site):
    """The dimension, from the right, along which a site is enumerated; None if it is not."""
    return site["infer"].get("_enumerate_dim")
