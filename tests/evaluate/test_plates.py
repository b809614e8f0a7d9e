"""A user-defined pair may give any name to its plate over the rows."""

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam

from pyrodgm import evaluate
from pyrodgm.data import Rows
from pyrodgm.estimators import DeepGenerativeClassifier
from pyrodgm.models import DeepGenerativeModel
from pyrodgm.models.registry import register
from pyrodgm.nn import BernoulliNet, CategoricalNet, NormalNet
from pyrodgm.testing import check_pair
from pyrodgm.train import fit

PLATES = ["data", "samples", "zeros", "batch"]
ROWS, CLASSES = 6, 3


class Own(DeepGenerativeModel):
    """An M2 as a user would write it, over 4 bits, 3 classes and 2 units."""

    def __init__(self, plate, x_size=4, num_classes=CLASSES, z_size=2):
        super().__init__(x_size, num_classes, z_size)
        pyro.set_rng_seed(0)
        self.plate = plate
        self.p_x = BernoulliNet((2, CLASSES), (5,), 4)
        self.q_y = CategoricalNet((4,), (5,), CLASSES)
        self.q_z = NormalNet((4, CLASSES), (5,), 2)

    def rows(self, x, y, size):
        register(self)
        size = len(x) if x is not None else len(y) if y is not None else size
        y = torch.nn.functional.one_hot(y, CLASSES).to(self.p_x.logits.weight) if y is not None and y.dim() == 1 else y
        return pyro.plate(self.plate, size), y

    def model(self, x=None, y=None, size=1):
        plate, y = self.rows(x, y, size)
        zeros = self.p_x.logits.weight.new_zeros(2)
        with plate:
            z = pyro.sample("z", dist.Normal(zeros, 1.0).to_event(1))
            y = pyro.sample("y", dist.OneHotCategorical(logits=zeros.new_zeros(CLASSES)), obs=y)
            return pyro.sample("x", self.p_x(z, y), obs=x)

    def guide(self, x, y=None, size=1):
        plate, y = self.rows(x, y, size)
        x = self.scaled(x)
        with plate:
            if y is None:
                y = pyro.sample("y", self.q_y(x), infer={"enumerate": "parallel"})
            pyro.sample("z", self.q_z(x, y))

    def classifier(self, x):
        return self.q_y(x).probs


def data():
    return torch.rand(ROWS, 4, generator=torch.Generator().manual_seed(1)).round(), torch.arange(ROWS) % CLASSES


def with_a_missing_cell(model, x):
    model.p_x.missing = "zeros"
    return model, x.index_put((torch.tensor(0), torch.tensor(1)), torch.tensor(torch.nan))


FUNCTIONS = {
    "active_units": lambda m, x, y: evaluate.active_units(m, x),
    "anomaly_score": lambda m, x, y: evaluate.anomaly_score(m, x),
    "bayes_classifier": lambda m, x, y: evaluate.bayes_classifier(m, x),
    "bound": lambda m, x, y: evaluate.bound(m, x),
    "classification_error": lambda m, x, y: evaluate.classification_error(m, x, y),
    "elbo_parts": lambda m, x, y: evaluate.elbo_parts(m, x),
    "impute": lambda m, x, y: evaluate.impute(*with_a_missing_cell(m, x), num_samples=3),
    "kl_per_unit": lambda m, x, y: evaluate.kl_per_unit(m, x),
    "latent_means": lambda m, x, y: evaluate.latent_means(m, x),
    "latents": lambda m, x, y: evaluate.latents(m, x),
    "likely_bounds": lambda m, x, y: evaluate.likely_bounds(m, x, m.classifier(x)),
    "log_likelihood": lambda m, x, y: evaluate.log_likelihood(m, x, num_samples=3, backend="off")._asdict(),
    "log_likelihood, a class drawn": lambda m, x, y: evaluate.log_likelihood(
        m, x, num_samples=3, classes="drawn", backend="off"
    )._asdict(),
    "match_clusters": lambda m, x, y: evaluate.match_clusters(m, x, y),
    "probe": lambda m, x, y: evaluate.probe(m, Rows(x, y), Rows(x, y)),
    "row_bounds": lambda m, x, y: evaluate.row_bounds(m, x, y),
}
OTHERS = {"LogLikelihood", "bits_per_dimension", "evaluating", "to_inference_data"}  # of no pair, or below
OTHERS |= {"decoder_halves"}  # for decoders that draw pixel by pixel


def test_every_function_is_here():
    assert {name.split(",")[0] for name in FUNCTIONS} | OTHERS >= set(evaluate.__all__)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("plate", PLATES)
def test_figures_are_the_same(function, plate):
    found, expected = [], []
    for name, values in ((plate, found), ("a name that nobody has", expected)):
        model = Own(name)
        torch.manual_seed(0)
        value = FUNCTIONS[function](model, *data())
        values += value.items() if isinstance(value, dict) else [("", value)]
    assert [name for name, _ in found] == [name for name, _ in expected]
    for (name, value), (_, other) in zip(found, expected, strict=True):
        assert torch.equal(torch.as_tensor(value), torch.as_tensor(other)), name


@pytest.mark.parametrize("plate", PLATES)
def test_latents_are_those_of_the_guide(plate):
    x, y = data()
    assert {name: value.shape for name, value in evaluate.latents(Own(plate), x).items()} == {
        "y": (ROWS, CLASSES),
        "z": (ROWS, 2),
    }
    assert list(evaluate.latents(Own(plate), x, y)) == ["z"]


@pytest.mark.parametrize("plate", PLATES)
def test_arviz_sees_the_variables_alone(plate):
    draws = evaluate.to_inference_data(Own(plate), data()[0], num_samples=2)
    assert set(draws["posterior"].data_vars) == set(draws["prior"].data_vars) == {"y", "z"}
    assert set(draws["posterior_predictive"].data_vars) == {"x"}


@pytest.mark.parametrize("plate", PLATES)
def test_the_checks_of_a_pair_pass(plate):
    check_pair(Own(plate), *data())


@pytest.mark.parametrize("plate", PLATES)
@pytest.mark.filterwarnings("ignore:Encountered NaN")
def test_the_loop_names_a_site_and_no_plate(plate):
    model, (x, y) = Own(plate), data()
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), Trace_ELBO())
    with pyro.validation_enabled(False), pytest.raises(FloatingPointError, match="the value of site 'z' is not finite"):
        fit(svi, [{"x": x.fill_(torch.nan), "y": y}], 1, progress=False)


@pytest.mark.parametrize("plate", PLATES)
def test_estimators_read_the_latents_of_a_class_of_ones_own(plate):
    x, y = data()
    own = (Own, {"plate": plate})
    estimator = DeepGenerativeClassifier(own, likelihood="bernoulli", z_size=2, epochs=1, validation_fraction=0.0)
    estimator.fit(x.double().numpy(), y.numpy())
    assert list(estimator.get_feature_names_out()) == ["z_0", "z_1"]
    assert estimator.transform(x.double().numpy()).shape == (ROWS, 2)
