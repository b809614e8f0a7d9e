"""The importance-weighted bound, and its doubly reparameterised gradient."""

import math
from contextlib import contextmanager

import torch
from pyro import poutine

from pyrodgm.checks import check_choice, check_size
from pyrodgm.handlers import AtCopies
from pyrodgm.infer.objective import Objective
from pyrodgm.infer.traces import run_guide, run_pair
from pyrodgm.nn import paused_statistics

BOUNDED, ALL = "bounded", "all"
PLAIN, DOUBLY = "plain", "doubly_reparameterised"


class ImportanceWeightedELBO(Objective):
    """Minus the importance-weighted bound of k samples, summed over the rows.

    - sum_b log 1/k sum_s exp(l_sb), in the mean at least - sum_b log p(x_b)      (Burda et al. 2016, eq. 8)

    l_s = log p(x, z_s) - log q(z_s | x)                                          without a class
    l_s = sum_y q(y | x, a_s) [log p(x, y, z_sy, a_s) - log q(z_sy, a_s, y | x)]  ``classes="bounded"``
    l_s = log sum_y p(x, y, z_sy, a_s) / q(z_sy, a_s | x, y)                      ``classes="all"``

    ``"bounded"`` is the bound of ``TraceEnum_ELBO`` inside each sample, and that bound itself for k = 1. By Jensen's
    inequality it is below ``"all"``, so it is a bound for any pair. q(y | ...) cancels in ``"all"`` and gets no
    gradient: it evaluates. A class that the model alone enumerates is summed inside the logarithm either way. Inside
    ``SemiSupervisedELBO`` the k samples are the particles of the class term.

    ``gradient="doubly_reparameterised"`` has the same value and another gradient for the guide's parameters phi, with
    the same mean (Tucker et al. 2019, IWAE-DReG). With w_s = exp(l_s) / sum_t exp(l_t) and z_s = g(noise_s, phi),

    sum_s w_s dl_s/dz_s dz_s/dphi - w_s dlog q(z_s)/dphi                          ``"plain"``
    sum_s w_s^2 dl_s/dz_s dz_s/dphi                                               ``"doubly_reparameterised"``

    The second part of the plain one is mostly noise; its mean is what makes w_s^2 of w_s. A step runs the guide twice
    and the model once. It pays where the guide has networks of its own, the more samples the more, and most where
    their weights are even. It pays little for an AVAE that is not trained yet. For k = 1 the variance may rise, and in
    the generative networks that the guide of a ladder reads it does, up to twenty times (benchmarks/iwae.md). The guide
    must say the same of a sample twice: no dropout. Batch normalisation ties the samples to each other; the two
    gradients then differ by what comes of that tie.

    Args:
        num_samples: k.
        classes: ``"bounded"`` or ``"all"``. A class that the guide draws, such as a relaxed one, has no sum in a
            sample: with more than one sample it takes ``"all"``, which leaves the drawn class in its weight.
        gradient: ``"plain"``, or ``"doubly_reparameterised"`` where the guide neither enumerates nor draws a class.

    Raises:
        ValueError: if an argument is none of these; and in a step, naming the site, if one is scaled, as within
            ``warm_up``, masked, or outside the plate over the rows; if the guide draws one without a gradient; if
            it draws a class, or weighs one by other than its probability, where the above leaves no sum; if a class is
            enumerated, or the density at a copy of a sample takes an autoregressive flow's sequential inverse, and
            the gradient is to be doubly reparameterised.

    Example::

        svi = SVI(m.model, m.guide, Adam({"lr": 1e-3}), ImportanceWeightedELBO(num_samples=50))
        svi.step(x)
    """

    def __init__(self, num_samples, classes=BOUNDED, gradient=PLAIN):
        check_size("num_samples", num_samples)
        check_choice("classes", classes, (BOUNDED, ALL))
        check_choice("gradient", gradient, (PLAIN, DOUBLY))
        super().__init__(num_particles=num_samples)
        self.num_samples, self.classes, self.gradient = num_samples, classes, gradient

    def differentiable_loss(self, model, guide, *args, **kwargs):
        if self.gradient == DOUBLY:
            return self._doubly_reparameterised(model, guide, args, kwargs)
        return self._loss(self._log_weights(run_pair(model, guide, args, kwargs, self.num_samples)))

    def _doubly_reparameterised(self, model, guide, args, kwargs):
        with poutine.trace(param_only=True) as registered:
            drawn = run_guide(guide, args, kwargs, self.num_samples)
        _refuse_doubly(drawn.guide)
        parameters = [_unconstrained(site["value"]) for site in registered.trace.nodes.values()]
        copies = AtCopies(drawn.guide)

        def scored_again(*args, **kwargs):
            with paused_statistics(), _fixed(parameters), copies:
                guide(*args, **kwargs)

        log_w = self._log_weights(run_pair(model, scored_again, args, kwargs, self.num_samples))
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

    def _get_trace(self, model, guide, args, kwargs):
        raise NotImplementedError("all samples are drawn in one run of the pair")


def _refuse(pair, classes, num_samples):
    """Raise ``ValueError`` for a site of the guide whose weight or gradient would not be what it should."""
    for name, site in pair.guide.items():
        fn, scores = site["fn"], site["score_parts"]
        what = f"site {name!r}, a {type(fn).__name__},"
        if name in pair.classes:
            if scores.score_function is not scores.log_prob and (classes == ALL or num_samples > 1):
                raise ValueError(
                    f"guide: got {what} whose classes count for other than their probabilities, want it enumerated "
                    "in full, or classes='bounded' and num_samples=1"
                )
        elif not site["is_observed"]:
            if fn.has_enumerate_support and classes == BOUNDED and num_samples > 1:
                raise ValueError(
                    f"classes: got 'bounded' and {num_samples} samples with {what} which the guide draws, want it "
                    "enumerated, classes='all', or num_samples=1"
                )
            if not fn.has_rsample and torch.is_grad_enabled():
                raise ValueError(f"guide: got {what} which draws without a gradient, want one that is reparameterised")


def _refuse_doubly(sites):
    """Raise ``ValueError`` for a site that is no reparameterised draw, or whose copy cannot be scored at once."""
    for name, site in sites.items():
        what = f"gradient: got 'doubly_reparameterised' with site {name!r}, a {type(site['fn']).__name__},"
        if site["infer"].get("_enumerate_dim") is not None:
            raise ValueError(f"{what} which the guide enumerates, want 'plain': latents that read it weigh otherwise")
        if site["fn"].has_enumerate_support or not site["fn"].has_rsample:
            raise ValueError(f"{what} which is not reparameterised, want 'plain' or another posterior")
        if any(getattr(step, "autoregressive", False) for step in _transforms(site["fn"])):
            raise ValueError(f"{what} whose density at a copy takes the sequential inverse, want 'plain'")


def _transforms(fn):
    """The steps of the flows that a distribution is made of, outermost first."""
    while fn is not None:
        yield from getattr(fn, "transforms", ())
        fn = getattr(fn, "base_dist", None)


def _unconstrained(parameter):
    """The leaf that trains, of a parameter as Pyro's trace has it."""
    return parameter.unconstrained() if hasattr(parameter, "unconstrained") else parameter


@contextmanager
def _fixed(parameters):
    """A context in which the parameters are constants."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)
