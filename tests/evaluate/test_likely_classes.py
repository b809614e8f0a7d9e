"""The bound over the likely classes, against bounds of single classes with the same noise."""

import pyro
import pyro.distributions as dist
import pytest
import torch

from pyrodgm.evaluate import likely_bounds, row_bounds
from pyrodgm.handlers.noise import SharedNoise
from pyrodgm.models import M2, SDGM, DeepGenerativeModel, LatentClassifierVAE, SplitLatentClassifierVAE
from pyrodgm.nn import CategoricalNet, NormalNet

K = 4


@pytest.fixture(params=[M2, SDGM])
def m(request):
    torch.manual_seed(0)
    sizes = {"a_size": 2} if request.param is SDGM else {}
    return request.param(3, K, z_size=2, hidden=(8,), likelihood="normal", **sizes).double()


@pytest.fixture
def x():
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def seeded(function, *args, **kwargs):
    """With one seed, and noise that all rows share; every class meets the same."""
    torch.manual_seed(2)
    with SharedNoise(), torch.no_grad():
        return function(*args, **kwargs)


def by_hand(m, x, likely):
    """sum over likely y of q' (L(x, y) - log q'), q' = q / sum of q over likely classes."""
    labels = torch.arange(K)[:, None].expand(-1, len(x))
    joint = torch.stack([seeded(row_bounds, m, x, y) for y in labels], 1)
    guides = [pyro.condition(m.guide, {"y": m.one_hot(y)}) for y in labels]
    sites = [seeded(pyro.poutine.trace(guide).get_trace, x).nodes["y"] for guide in guides]
    q_y = torch.stack([site["fn"].log_prob(site["value"]) for site in sites], 1).exp()  # with the same draw of a
    q_y = torch.where(likely, q_y, 0.0)
    q_y = q_y / q_y.sum(1, keepdim=True)
    return torch.where(likely, q_y * (joint - q_y.clamp(min=1e-300).log()), 0.0).sum(1)


@pytest.mark.parametrize("least", [0, 0.2, 1])
def test_is_the_sum_over_the_likely_classes(m, x, least):
    probabilities = m.classifier(x).detach()
    likely = probabilities >= probabilities.amax(1, keepdim=True).clamp(max=least)
    assert {0: (likely.sum(1) == K).all(), 0.2: not likely.all(), 1: (likely.sum(1) == 1).all()}[least]
    found = seeded(likely_bounds, m, x, probabilities, least=least)
    assert found.tolist() == pytest.approx(by_hand(m, x, likely).tolist(), rel=1e-9)


class TwoDiscrete(DeepGenerativeModel):
    """p(y) p(c) p(x | y, c), with q(y | x) q(c | x, y) or q(c | x) q(y | x, c), both enumerated."""

    def __init__(self, order):
        super().__init__(3, K, 1)
        torch.manual_seed(0)
        self.order, parents = order, {order[0]: (3,), order[1]: (3, {"y": K, "c": 2}[order[0]])}
        self.p_x, self.q = NormalNet((K, 2), (8,), 3), torch.nn.ModuleDict()
        for site, size in (("y", K), ("c", 2)):
            self.q[site] = CategoricalNet(parents[site], (8,), size)

    def model(self, x=None, y=None, size=1):
        with self.batch(x, y, size) as y:
            y = pyro.sample("y", self.uniform_one_hot(), obs=y)
            c = pyro.sample("c", dist.OneHotCategorical(logits=torch.zeros(2).to(y)))
            return pyro.sample("x", self.p_x(y, c), obs=x)

    def guide(self, x, y=None, size=1):
        with self.batch(x, y, size) as y:
            drawn = [] if y is None else [y]
            for site in self.order[len(drawn) :]:
                drawn.append(pyro.sample(site, self.q[site](x, *drawn), infer={"enumerate": "parallel"}))


@pytest.mark.parametrize("order", ["yc", "cy"])
@pytest.mark.parametrize("least", [0, 0.25])
def test_another_enumerated_latent_is_summed(x, order, least):
    """sum_c,y q'(y | ...) q(c | ...) [log p(x, y, c) - log q'(y | ...) - log q(c | ...)], where y may depend on c."""
    m, rows, want = TwoDiscrete(order).double(), len(x), 0.0
    probabilities = torch.rand(rows, K, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    probabilities = (2 * probabilities).softmax(-1)
    likely = probabilities >= probabilities.amax(1, keepdim=True).clamp(max=least)
    assert bool(likely.all()) == (least == 0)

    def log_q(site, parent=None):
        log = m.q[site](x, *[] if parent is None else [parent.expand(rows, -1)]).logits
        return torch.where(likely, log, -torch.inf).log_softmax(-1) if site == "y" else log

    y_s, c_s, first, second = torch.eye(K).double(), torch.eye(2).double(), *order
    for j, y in enumerate(y_s):
        for k, c in enumerate(c_s):
            value, column = {"y": y, "c": c}, {"y": j, "c": k}
            log_r = log_q(first)[:, column[first]] + log_q(second, value[first])[:, column[second]]
            log_p = m.p_x(y.expand(rows, -1), c.expand(rows, -1)).log_prob(x) - torch.tensor(2.0 * K).log()
            want = want + torch.where(likely[:, j], log_r.exp() * (log_p - log_r), 0.0)
    found = likely_bounds(m, x, probabilities, num_samples=2, least=least)
    assert found.tolist() == pytest.approx(want.tolist(), rel=1e-6)
    if least == 0:
        assert found.tolist() == pytest.approx(row_bounds(m, x).tolist(), rel=1e-9)


def test_a_class_of_probability_zero_adds_nothing(m, x):
    with torch.no_grad():
        m.q_y.logits.bias[1] = -torch.inf
    probabilities = m.classifier(x).detach()
    assert bool((probabilities[:, 1] == 0).all())
    found = seeded(likely_bounds, m, x, probabilities, least=0)
    want = seeded(likely_bounds, m, x, probabilities, least=1e-300)
    assert found.tolist() == pytest.approx(want.tolist(), rel=1e-12)


def test_a_model_in_training_is_used_in_evaluation_mode(x):
    torch.manual_seed(0)
    m = M2(3, K, z_size=2, hidden=(8,), likelihood="normal", batch_norm=True).double()
    probabilities = torch.full((5, K), 0.25, dtype=torch.float64)
    want = seeded(likely_bounds, m.eval(), x, probabilities)
    found = seeded(likely_bounds, m.train(), x, probabilities)
    assert found.tolist() == want.tolist() and m.training


def test_rows_at_a_time_and_samples(m, x):
    probabilities = m.classifier(x).detach()
    torch.manual_seed(3)
    many = likely_bounds(m, x[:1].expand(4000, -1), probabilities[:1].expand(4000, -1), batch_size=700)
    few = likely_bounds(m, x[:1].expand(40, -1), probabilities[:1].expand(40, -1), num_samples=100)
    error = 4 * (many.var() / 4000 + few.var() / 40) ** 0.5
    assert many.shape == (4000,) and abs(many.mean() - few.mean()) < error
    assert few.var() < many.var() / 30


def test_bad_input(m, x):
    with pytest.raises(ValueError, match=r"probabilities: got shape \(5, 3\), want \(5, 4\)"):
        likely_bounds(m, x, torch.ones(5, 3))
    probabilities = torch.full((5, K), 0.25)
    with pytest.raises(ValueError, match="num_samples: got 0, want a positive int"):
        likely_bounds(m, x, probabilities, num_samples=0)
    with pytest.raises(ValueError, match="batch_size: got 0, want a positive int"):
        likely_bounds(m, x, probabilities, batch_size=0)
    probabilities[2, 1] = torch.nan
    with pytest.raises(ValueError, match="probabilities: got NaN in 1 rows, want numbers"):
        likely_bounds(m, x, probabilities)
    for model_class in (LatentClassifierVAE, SplitLatentClassifierVAE):
        other = model_class(3, K, z_size=2, hidden=(8,), likelihood="normal")
        with pytest.raises(ValueError, match=f"model: got {model_class.__name__}, whose guide has no class y"):
            likely_bounds(other, x.float(), torch.ones(5, K))


def test_a_class_that_is_not_likely_is_not_run(m, x):
    sizes = []
    m.p_x.register_forward_pre_hook(lambda net, parents: sizes.append(parents[-1].shape[-2]))
    likely_bounds(m, x, torch.eye(K, dtype=torch.float64)[[0, 1, 2, 3, 0]])
    likely_bounds(m, x, torch.full((5, K), 0.25, dtype=torch.float64))
    assert sizes == [5, 5 * K]
