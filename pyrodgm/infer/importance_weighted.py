"""The importance-weighted bound, and its doubly reparameterised gradient."""

import math
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, Final, Literal

import torch

from pyrodgm.checks import check_choice, check_size
from pyrodgm.handlers import AtCopies
from pyrodgm.infer.objective import Objective
from pyrodgm.infer.traces import run_guide, run_pair
from pyrodgm.nn import paused_statistics

BOUNDED: Final = "bounded"
ALL: Final = "all"
PLAIN: Final = "plain"
DOUBLY: Final = "doubly_reparameterised"


class ImportanceWeightedELBO(Objective):
    """Minus the importance-weighted bound of k samples, summed over the rows.

    - sum_b log 1/k sum_s exp(l_sb), on average at least - sum_b log p(x_b)       (Burda et al. 2016, eq. 8)

    l_s = log p(x, z_s) - log q(z_s | x)                                          without a class
    l_s = sum_y q(y | x, a_s) [log p(x, y, z_sy, a_s) - log q(z_sy, a_s, y | x)]  ``classes="bounded"``
    l_s = log sum_y p(x, y, z_sy, a_s) / q(z_sy, a_s | x, y)                      ``classes="all"``

    ``"bounded"`` uses the bound of ``TraceEnum_ELBO`` inside each sample, and equals it for k = 1. By Jensen's
    inequality it is below ``"all"``, so it is a bound for any pair. In ``"all"``, q(y | ...) cancels and gets no
    gradient: use it for evaluation only. A class enumerated only in the model is summed inside the logarithm in both
    cases. Inside ``SemiSupervisedELBO``, the k samples are the particles of the class term.

    ``gradient="doubly_reparameterised"`` has the same value, and a different estimate of the gradient for the guide's
    parameters phi, with the same expectation (Tucker et al. 2019, IWAE-DReG). With w_s = exp(l_s) / sum_t exp(l_t) and
    z_s = g(noise_s, phi),

    sum_s w_s dl_s/dz_s dz_s/dphi - w_s dlog q(z_s)/dphi                          ``"plain"``
    sum_s w_s^2 dl_s/dz_s dz_s/dphi                                               ``"doubly_reparameterised"``

    The second term of the plain gradient is mostly noise. Reparameterised again, it turns w_s into w_s^2. The doubly
    reparameterised gradient runs the guide twice and the model once. The gain is largest if the guide shares no
    networks with the model, with many samples, and with even weights. It is small for an AVAE before training. For
    k = 1 the variance may increase. For the generative networks that the guide of a ladder also uses, it increases up
    to twentyfold (benchmarks/iwae.md). The guide must give the same density of a sample twice, so it must not have
    dropout. Batch normalisation makes the samples depend on each other; the two gradients then differ by this effect.

    Args:
        num_samples: number of samples k.
        classes: ``"bounded"`` or ``"all"``. A class that the guide draws, such as a relaxed one, is not summed in a
            sample. With more than one sample it needs ``"all"``, where the drawn class remains part of the weight.
        gradient: ``"plain"``, or ``"doubly_reparameterised"`` if the guide neither enumerates nor draws a class.

    Raises:
        ValueError: if an argument is not one of these. In a step, naming the site: if a site is scaled, as within
            ``warm_up``, masked, or outside the plate over the rows; if the guide draws a site without a gradient; if
            the guide draws a class, or weights one by anything but its probability, and the choice of ``classes``
            needs the sum. With the doubly reparameterised gradient, also if a class is enumerated, or if the density
            at a copy of a sample needs the sequential inverse of an autoregressive flow.

    Example::

        svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), ImportanceWeightedELBO(num_samples=50))
        svi.step(x)
    """

    def __init__(
        self,
        num_samples: int,
        classes: Literal["bounded", "all"] = BOUNDED,
        gradient: Literal["plain", "doubly_reparameterised"] = PLAIN,
    ) -> None:
        check_size("num_samples", num_samples)
        check_choice("classes", classes, (BOUNDED, ALL))
        check_choice("gradient", gradient, (PLAIN, DOUBLY))
        super().__init__(num_particles=num_samples)
        self.num_samples, self.classes, self.gradient = num_samples, classes, gradient

    def differentiable_loss(
        self, model: Callable[..., Any], guide: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        if self.gradient == DOUBLY:
            return self._doubly_reparameterised(model, guide, args, kwargs)
        return self._loss(self._log_weights(run_pair(model, guide, args, kwargs, self.num_samples)))

    def _doubly_reparameterised(self, model, guide, args, kwargs):
        drawn = run_guide(guide, args, kwargs, self.num_samples)
        _refuse_doubly(drawn.guide)
        parameters = _leaves(site["value"] for site in drawn.guide.values())
        copies = AtCopies(drawn.guide)

        def guide_at_copies(*args, **kwargs):
            with paused_statistics(), _fixed(parameters), copies:
                guide(*args, **kwargs)

        log_w = self._log_weights(run_pair(model, guide_at_copies, args, kwargs, self.num_samples))
        copies.weigh(log_w.detach().softmax(0))
        return self._loss(log_w)

    def _log_weights(self, pair):
        """l_s of every sample and row, ``(k, B)``."""
        _refuse(pair, self.classes, self.num_samples)
        if self.classes == ALL:
            return pair.log_weights()
        return pair.over_classes(pair.log_p() - pair.log_q(*pair.guide))

    def _loss(self, log_w):
        return -(log_w.logsumexp(0) - math.log(self.num_samples)).sum()


def _refuse(pair, classes, num_samples):
    """Raise ``ValueError`` for a site of the guide whose weight or gradient would be wrong."""
    for name, site in pair.guide.items():
        fn, scores = site["fn"], site["score_parts"]
        what = f"site {name!r}, a {type(fn).__name__},"
        if name in pair.classes:
            if scores.score_function is not scores.log_prob and (classes == ALL or num_samples > 1):
                raise ValueError(
                    f"guide: got {what} whose classes have other weights than their probabilities, want all of them "
                    "enumerated, or classes='bounded' and num_samples=1"
                )
        elif not site["is_observed"]:
            if fn.has_enumerate_support and classes == BOUNDED and num_samples > 1:
                raise ValueError(
                    f"classes: got 'bounded' and {num_samples} samples with {what} which the guide draws, want it "
                    "enumerated, or classes='all', or num_samples=1"
                )
            if not fn.has_rsample and torch.is_grad_enabled():
                raise ValueError(f"guide: got {what} which is drawn without a gradient, want a reparameterised one")


def _refuse_doubly(sites):
    """Raise ``ValueError`` for a site that is not reparameterised, or whose density at a copy is slow to compute."""
    for name, site in sites.items():
        what = f"gradient: got 'doubly_reparameterised' with site {name!r}, a {type(site['fn']).__name__},"
        if site["infer"].get("_enumerate_dim") is not None:
            raise ValueError(f"{what} which the guide enumerates, want 'plain': it affects the weights of latents")
        if site["fn"].has_enumerate_support or not site["fn"].has_rsample:
            raise ValueError(f"{what} which is not reparameterised, want 'plain' or another posterior")
        if any(getattr(step, "autoregressive", False) for step in _transforms(site["fn"])):
            raise ValueError(f"{what} whose density at a copy needs the sequential inverse, want 'plain'")


def _transforms(fn):
    """The steps of the flows in a distribution, outermost first."""
    while fn is not None:
        yield from getattr(fn, "transforms", ())
        fn = getattr(fn, "base_dist", None)


def _leaves(samples):
    """The leaf tensors that the samples are computed from, whether or not Pyro knows them as parameters."""
    leaves, seen, nodes = [], set(), [sample.grad_fn for sample in samples]
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):  # an AccumulateGrad, where the graph of a leaf ends
            leaves.append(node.variable)
        nodes.extend(parent for parent, _ in node.next_functions)
    return leaves


@contextmanager
def _fixed(parameters):
    """A context in which the parameters are constants."""
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        with warnings.catch_warnings():  # Pyro's warning of parameters without a gradient
            warnings.filterwarnings("ignore", message=".* was not registered in the param store")
            yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
