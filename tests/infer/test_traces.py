"""One run of a pair: class weights and rows."""

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.distributions.score_parts import ScoreParts
from pyro.infer import TraceEnum_ELBO

from pyrodgm.infer.traces import Pair, run_pair
from tests.pairs import accepted

LOGITS = torch.tensor([[0.3, -1.0, 0.7], [2.0, 0.1, -0.4]], dtype=torch.float64)
WEIGHTS = torch.tensor([[0.5, 1.5, 0.0], [0.2, 0.3, 0.9]], dtype=torch.float64)


class Weighted(dist.Categorical):
    """A categorical whose classes have other weights than their probabilities, as if it enumerated only a few."""

    def score_parts(self, value):
        weights = WEIGHTS.T.reshape(3, *[1] * (value.dim() - 2), 2)
        return ScoreParts(self.log_prob(value), weights.log(), 0)


def model(rows=2):
    with pyro.plate("rows", rows):
        y = pyro.sample("y", dist.Categorical(logits=LOGITS.new_zeros(3)))
        pyro.sample("x", dist.Normal(y.double(), 1.0), obs=LOGITS[:, 0])


def guide(rows=2):
    with pyro.plate("rows", rows):
        pyro.sample("y", Weighted(logits=LOGITS), infer={"enumerate": "parallel"})


def test_a_class_counts_for_what_its_site_says():
    pair = run_pair(model, guide)
    found = pair.mean(pair.log_p() - pair.log_q(*pair.guide)).sum()
    elbo = TraceEnum_ELBO(max_plate_nesting=1)
    with pyro.validation_enabled(False):
        assert found == pytest.approx(-elbo.loss(model, guide), rel=1e-12)


@pytest.mark.parametrize("samples", [1, 4])
def test_the_rows_are_those_of_the_plate(samples):
    def counted(size):
        with pyro.plate("any name", size):
            pyro.sample("z", dist.Normal(torch.zeros(3), 1.0).to_event(1))

    pair = run_pair(counted, counted, kwargs={"size": 5}, num_samples=samples)
    assert pair.shape == (samples, 5)
    assert pair.guide["z"]["value"].shape == (samples, 5, 3)
    assert torch.equal(pair.log_p("z").expand(pair.shape), pair.log_q("z").expand(pair.shape))


def test_the_mean_is_that_over_the_samples():
    pair = run_pair(model, guide, num_samples=4)
    values = torch.arange(4.0, dtype=torch.float64)[:, None]
    torch.testing.assert_close(pair.mean(values), 1.5 * WEIGHTS.sum(-1))


def drawing(*names, observed=(), **infer):
    """A function of two rows that draws the named sites, and observes some."""

    def sites():
        with pyro.plate("rows", 2):
            for name in (*names, *observed):
                given = torch.zeros(2) if name in observed else None
                pyro.sample(name, dist.Normal(torch.zeros(2), 1.0), obs=given, infer=dict(infer))

    return sites


@pytest.mark.parametrize(
    ("model", "guide", "message"),
    [
        (
            drawing("z", "v", observed="x"),
            drawing("z"),
            "model: got site 'v', which the guide lacks, want every latent",
        ),
        (drawing("z", "x"), drawing("z"), "model: got site 'x', which the guide lacks, want .*, x observed"),
        (
            drawing("z", observed="x"),
            drawing("z", "v"),
            "guide: got site 'v', which the model lacks, want every latent in both",
        ),
    ],
)
def test_a_latent_of_one_of_the_two_is_refused(model, guide, message):
    with pytest.raises(ValueError, match=message):
        run_pair(model, guide)


def test_an_auxiliary_site_may_be_in_the_guide_only():
    guide = drawing("z", "v", is_auxiliary=True)
    with accepted(ValueError):
        assert list(run_pair(drawing("z", observed="x"), guide).guide) == ["z", "v"]


def test_a_class_may_be_enumerated_in_the_model_only():
    def enumerating():
        with pyro.plate("rows", 2):
            pyro.sample("y", dist.Categorical(logits=LOGITS), infer={"enumerate": "parallel"})
            pyro.sample("z", dist.Normal(torch.zeros(2), 1.0))

    with accepted(ValueError):
        assert run_pair(enumerating, drawing("z")).hidden_classes == ["y"]


def test_a_site_of_a_single_entry_along_a_hidden_class_does_not_read_it():
    y = {"log_prob": torch.zeros(3, 1, 1), "infer": {"_enumerate_dim": -3}}
    x = {"log_prob": torch.zeros(3, 1, 2), "infer": {}}
    z = {"log_prob": torch.zeros(1, 1, 2), "infer": {}}
    assert Pair({"y": y, "x": x, "z": z}, {}, (1, 2)).reading_hidden_classes == ["y", "x"]


def test_a_result_that_is_nan_is_told_with_its_first_row_and_a_site_that_is_nan():
    nan, inf = torch.nan, torch.inf
    z = {"value": torch.zeros(1, 3), "log_prob": torch.tensor([[-inf, 0.0, 0.0]])}
    x = {"value": torch.zeros(1, 3), "log_prob": torch.tensor([[0.0, nan, nan]])}
    pair = Pair({"x": x}, {"z": z}, (1, 3))
    with pytest.raises(ValueError) as error:
        pair.refuse_nan(torch.tensor([[0.0, 0.0], [nan, 0.0], [nan, nan]]))
    told = (
        "x: got 2 rows with a NaN result, the first is row 1 of its batch: site 'x' of the model has a log-probability"
    )
    assert str(error.value).startswith(f"{told} that is NaN.")
