import math

import matplotlib
import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine

matplotlib.use("Agg")

import arviz as az
from matplotlib import pyplot as plt

from pyrodgm.evaluate import latents, to_inference_data
from pyrodgm.handlers import warm_up
from pyrodgm.models import M2, SDGM, VAE
from tests.pairs import CLASSES, ROWS, X_SIZE, every_pair, rows, small

SAMPLES = 3


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.mark.parametrize(("model_class", "options"), every_pair())
def test_groups_dimensions_and_coordinates_of_every_pair(model_class, options):
    model = small(model_class, **options).eval()
    x, y = rows(model)
    for labels in (None, y) if y is not None else (None,):
        draws = to_inference_data(model, x, labels, num_samples=SAMPLES)
        values = latents(model, x, labels)
        sizes = {"chain": 1, "draw": SAMPLES, "datum": ROWS, "class": CLASSES, "x_feature": x.shape[1]}
        sizes |= {f"{site}_unit": value[0].numel() for site, value in values.items()}
        for name, dataset in groups(draws).items():
            for variable, array in dataset.items():
                lead = [] if name in ("observed_data", "constant_data") else ["chain", "draw"]
                assert list(array.dims[: len(lead) + 1]) == [*lead, "datum"], (name, variable)
                assert list(array.shape) == [sizes[dimension] for dimension in array.dims]
                assert np.isfinite(array.values).all()
                for dimension in array.dims:
                    assert list(array[dimension].values) == list(range(sizes[dimension]))
        sites = set(poutine.trace(model.model).get_trace(x, labels).stochastic_nodes) - {"batch"}
        assert set(values) <= set(draws["posterior"].data_vars) == sites
        sites = set(poutine.trace(model.model).get_trace(None, labels).stochastic_nodes) - {"batch", "x"}
        assert set(draws["prior"].data_vars) == sites
        dimensions = {site: draws["prior"][site].dims[-1] for site in sites}
        assert dimensions == {site: "class" if site == "y" else f"{site}_unit" for site in sites}
        assert set(draws["log_likelihood"].data_vars) == {"x"}
        assert set(draws["sample_stats"].data_vars) == {"log_weight"}
        assert ("constant_data" in groups(draws)) == (labels is not None)


def groups(draws):
    """The groups by name, of either version's container."""
    names = draws.groups() if callable(draws.groups) else [name.strip("/") for name in draws.groups if name != "/"]
    return {name: draws[name].data_vars for name in names}


@pytest.mark.parametrize("labelled", [False, True])
def test_draws_are_the_guides(labelled):
    model = small(SDGM)
    x, y = rows(model)
    y = y if labelled else None
    pyro.set_rng_seed(3)
    want = latents(model, x, y)
    pyro.set_rng_seed(3)
    posterior = to_inference_data(model, x, y, num_samples=2)["posterior"]
    for site, value in want.items():
        np.testing.assert_array_equal(posterior[site][0, 0], value)
    assert not np.array_equal(posterior["z"][0, 0], posterior["z"][0, 1])


@pytest.mark.parametrize("labelled", [False, True])
def test_log_likelihood_and_log_weight_are_the_formulas(labelled):
    model = small(M2)
    x, y = rows(model)
    draws = to_inference_data(model, x, y if labelled else None, num_samples=SAMPLES)
    np.testing.assert_array_equal(draws["observed_data"]["x"], x)
    for s in range(SAMPLES):
        z = torch.tensor(draws["posterior"]["z"].values[0, s])
        one_hot = draws["constant_data"]["y"].values if labelled else draws["posterior"]["y"].values[0, s]
        one_hot = torch.tensor(one_hot).float()
        with torch.no_grad():
            log_likelihood = model.p_x(z, one_hot).log_prob(x)
            log_q = model.q_z(x, one_hot).log_prob(z)
            log_q = log_q if labelled else log_q + (model.classifier(x) * one_hot).sum(-1).log()
        log_prior = dist.Normal(0.0, 1.0).log_prob(z).sum(-1) - math.log(CLASSES)
        got = (draws[group][name][0, s] for group, name in (("log_likelihood", "x"), ("sample_stats", "log_weight")))
        for values, want in zip(got, (log_likelihood, log_likelihood + log_prior - log_q), strict=True):
            np.testing.assert_allclose(values, want, rtol=1e-5)
            assert values.dtype == np.float64  # smoothed weights underflow in single precision


def test_one_hot_rows_of_real_numbers_are_classes():
    model = small(M2)
    x, y = rows(model)
    one_hot = torch.nn.functional.one_hot(y, CLASSES)
    first, second = (to_inference_data(model, x, labels)["constant_data"]["y"] for labels in (y, one_hot.float()))
    assert first.dims == second.dims and second.dtype.kind == "i"
    np.testing.assert_array_equal(first, second)


def line(noise=2.0, model_class=VAE):
    """p(z) = N(0, 1), p(x | z) = N(z, noise^2), with its exact posterior for a guide; one feature."""
    model = model_class(1, z_size=1, hidden=(), likelihood="normal")
    variance = noise**2 / (1 + noise**2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.p_x.loc.weight.fill_(1.0)
        model.p_x.log_variance.bias.fill_(2 * math.log(noise))
        model.q_z.loc.weight.fill_(1 / (1 + noise**2))
        model.q_z.log_variance.bias.fill_(math.log(variance))
    return model


class Unguided(VAE):
    """A VAE with a plate of its own, and a latent of each row that the guide does not have and nothing depends on."""

    def model(self, x=None, y=None, size=1):
        with pyro.plate("rows", size if x is None else len(x)):
            z = pyro.sample("z", self.standard_normal(self.z_size))
            pyro.sample("w", self.standard_normal(3))
            return pyro.sample("x", self.p_x(z), obs=x)


@pytest.mark.parametrize("model_class", [VAE, Unguided])
def test_log_weight_is_log_p_of_x_where_the_guide_is_the_posterior(model_class):
    x = torch.randn(5, 1)
    draws = to_inference_data(line(model_class=model_class), x, num_samples=SAMPLES)
    assert set(draws["posterior"].data_vars) == ({"z"} if model_class is VAE else {"z", "w"})
    want = dist.Normal(0.0, 5**0.5).log_prob(x[:, 0]).expand(1, SAMPLES, 5)
    np.testing.assert_allclose(draws["sample_stats"]["log_weight"], want, rtol=1e-5)


def test_loo_estimates_log_p_of_x():
    x = 5**0.5 * torch.randn(20, 1)
    draws = to_inference_data(line(), x, num_samples=2000)
    loo = az.loo(draws, pointwise=True)
    # the standard error of a row's log E[1 / p], by the delta method
    inverse = np.exp(-draws["log_likelihood"]["x"].values[0])
    error = inverse.std(0) / inverse.mean(0) / 2000**0.5
    want = dist.Normal(0.0, 5**0.5).log_prob(x[:, 0])
    pointwise = loo.loo_i if hasattr(loo, "loo_i") else loo.elpd_i
    assert np.max(np.abs(pointwise.values - want.numpy()) / error) < 4


def test_replicas_belong_to_their_draws_and_the_prior_is_the_prior():
    x = 5 + torch.randn(30, 1)
    draws = to_inference_data(line(noise=0.01), x, num_samples=40)
    for latent, replica in (("posterior", "posterior_predictive"), ("prior", "prior_predictive")):
        noise = draws[replica]["x"].values - draws[latent]["z"].values
        assert 0.008 < noise.std() < 0.012 and np.abs(noise).max() < 0.06
    assert np.abs(draws["posterior"]["z"].values - x.numpy()).max() < 0.06
    assert abs(draws["prior"]["z"].values.mean()) < 4 / 1200**0.5  # standard errors of 1,200 draws


class Aside(VAE):
    """A VAE whose x depends on a latent that the guide does not have, and on no other."""

    def model(self, x=None, y=None, size=1):
        with self.batch(x, y, size):
            pyro.sample("z", self.standard_normal(1))
            return pyro.sample("x", self.p_x(pyro.sample("w", self.standard_normal(1))), obs=x)


def test_replicas_share_every_latent_of_their_draw():
    draws = to_inference_data(line(0.01, Aside), torch.randn(30, 1), num_samples=4)
    noise = draws["posterior_predictive"]["x"].values - draws["posterior"]["w"].values
    assert np.abs(noise).max() < 0.06


class Echo(M2):
    """An M2 whose x is its class."""

    def __init__(self):
        super().__init__(3, 3, z_size=2, hidden=())
        with torch.no_grad():
            self.p_x.logits.weight.copy_(torch.cat([torch.zeros(3, 2), 80 * torch.eye(3)], 1))
            self.p_x.logits.bias.fill_(-40)


def test_given_labels_are_conditioned_on_and_others_are_drawn():
    x, y = torch.eye(3)[[0, 1, 2, 2]], torch.tensor([0, 1, 2, 2])
    draws = to_inference_data(Echo(), x, y, num_samples=SAMPLES)
    np.testing.assert_array_equal(draws["constant_data"]["y"], x)
    for group in ("posterior_predictive", "prior_predictive"):
        np.testing.assert_array_equal(draws[group]["x"], x.expand(1, SAMPLES, 4, 3))
    draws = to_inference_data(Echo(), x, num_samples=SAMPLES)
    for latent, replica in (("posterior", "posterior_predictive"), ("prior", "prior_predictive")):
        np.testing.assert_array_equal(draws[latent]["y"].values, draws[replica]["x"].values)
        assert (draws[latent]["y"].sum("class") == 1).all()
    one_hot = to_inference_data(Echo(), x, x, num_samples=1)
    np.testing.assert_array_equal(one_hot["constant_data"]["y"], x)


def test_labels_of_the_first_classes_alone_are_one_hot_rows_of_all_classes():
    x, y = torch.eye(3)[[0, 1]], torch.tensor([0, 1])
    draws = to_inference_data(Echo(), x, y, num_samples=1)
    np.testing.assert_array_equal(draws["constant_data"]["y"], x)


@pytest.mark.parametrize(
    ("likelihood", "kind"), [("bernoulli", "f"), ("normal", "f"), (("binomial", {"total_count": 4}), "i")]
)
def test_counts_and_classes_are_integers(likelihood, kind):
    model = small(M2, likelihood=likelihood)
    x, y = rows(model)
    draws = to_inference_data(model, x, num_samples=1)
    for group in ("observed_data", "posterior_predictive", "prior_predictive"):
        assert draws[group]["x"].dtype.kind == kind
    given = to_inference_data(model, x, y, num_samples=1)["constant_data"]["y"]
    assert {y.dtype.kind for y in (draws["posterior"]["y"], draws["prior"]["y"], given)} == {"i"}
    assert draws["posterior"]["z"].dtype.kind == "f"


def test_images_have_rows_and_columns():
    model = small(VAE)
    x, _ = rows(model)
    draws = to_inference_data(model, x, num_samples=1, image_shape=(1, 2, 3))
    replica, observed = draws["posterior_predictive"]["x"], draws["observed_data"]["x"]
    assert replica.dims == ("chain", "draw", "datum", "x_row", "x_column", "x_channel")
    np.testing.assert_array_equal(observed, x.reshape(ROWS, 1, 2, 3))
    assert draws["log_likelihood"]["x"].dims == ("chain", "draw", "datum")


def test_arviz_takes_it():
    x = 17**0.5 * torch.randn(20, 1)
    noises = {"sharp": 4.0, "blunt": 8.0}
    draws = {name: to_inference_data(line(noise), x, num_samples=200) for name, noise in noises.items()}
    summary = az.summary(draws["sharp"], var_names=["z"], coords={"datum": [4]}, kind="stats")
    assert list(summary.index) == ["z[4, 0]"]
    mean = float(draws["sharp"]["posterior"]["z"].sel(datum=4).mean())
    assert float(summary["mean"].iloc[0]) == pytest.approx(mean, abs=0.01)
    compared = az.compare(draws)
    column = "elpd_loo" if "elpd_loo" in compared else "elpd"
    for name, noise in noises.items():
        want = float(dist.Normal(0.0, (1 + noise**2) ** 0.5).log_prob(x).sum())
        assert float(compared.loc[name, column]) == pytest.approx(want, abs=1.0)  # ArviZ 1 rounds; the two are 7 apart
    if az.__version__.startswith("0."):
        for group in ("posterior", "prior"):
            ax = az.plot_ppc(draws["sharp"], group=group, num_pp_samples=10)
            assert ax.get_xlabel() == "x" and len(ax.lines) >= 11
    else:
        for group in ("posterior_predictive", "prior_predictive"):
            plotted = az.plot_ppc_dist(draws["sharp"], group=group, num_samples=10)
            assert plotted.viz["predictive_dist"]["x"].size == 10


def test_log_weights_tell_a_poor_guide():
    model = small(VAE)
    with torch.no_grad():
        model.q_z.loc.bias.fill_(6.0)
    weights = to_inference_data(model, torch.rand(10, X_SIZE).round(), num_samples=200)["sample_stats"]["log_weight"]
    # loo smooths 1 / p, which at log p = -log_weight is the weight itself
    parts = {"posterior": {"z": weights.values}, "log_likelihood": {"x": -weights.values}}
    with pytest.warns(UserWarning, match="Estimated shape parameter of Pareto"):
        az.loo(az.from_dict(**parts) if az.__version__.startswith("0.") else az.from_dict(parts))


class Shared(VAE):
    """A VAE with one latent for all rows."""

    def model(self, x=None, y=None, size=1):
        pyro.sample("scale", dist.Normal(0.0, 1.0))
        return super().model(x, y, size)

    def guide(self, x, y=None, size=1):
        pyro.sample("scale", dist.Normal(0.0, 1.0))
        super().guide(x, y, size)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (VAE, {"num_samples": 0}, "num_samples: got 0, want a positive int"),
        (VAE, {"num_samples": 2.0}, "num_samples: got 2.0, want a positive int"),
        (VAE, {"image_shape": (2, 2)}, "image_shape: got (2, 2), want 6 values"),
        *(
            (
                VAE,
                {"image_shape": shape},
                f"image_shape: got {shape}, want two or three positive ints, (H, W) or (H, W, C)",
            )
            for shape in [(6,), (1, 1, 2, 3), (-2, -3), (2.0, 3.0), 6]
        ),
        (Shared, {}, "model: got log p(scale) of shape (), want one per row, (7,)"),
    ],
)
def test_bad_inputs(model, options, message):
    with pytest.raises(ValueError) as error:
        to_inference_data(small(model), torch.rand(ROWS, X_SIZE), **options)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (lambda: warm_up(torch.tensor(0.5)), "site 'z' scaled by 0.5"),
        (lambda: poutine.scale(scale=2.0), "site 'z' scaled by 2.0"),
        (lambda: poutine.mask(mask=torch.arange(ROWS) < 3), "site '.' masked"),
    ],
)
def test_a_scaled_or_masked_pair_is_refused_as_by_the_bound(handler, message):
    """Its log-weights would be those of another pair than the one that is trained."""
    with handler(), pytest.raises(ValueError, match=message):
        to_inference_data(small(VAE), torch.rand(ROWS, X_SIZE), num_samples=2)


class Slip(VAE):
    """A VAE with one mistake."""

    slip = None

    def model(self, x=None, y=None, size=1):
        if self.slip == "no plate":
            z = pyro.sample("z", self.standard_normal(self.z_size))
            return pyro.sample("x", self.p_x(z), obs=x)
        with self.batch(x, y, size):
            z = pyro.sample("z", self.standard_normal(self.z_size))
            return pyro.sample("x", self.p_x(z), obs=None if self.slip == "x not observed" else x)

    def guide(self, x, y=None, size=1):
        with self.batch(x, y, size):
            pyro.sample("v" if self.slip == "another name" else "z", self.q_z(x))


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        ("no plate", rf"model: got site 'z' of shape \(2,\) for {ROWS} rows, want one value per row"),
        ("x not observed", "model: got a site 'x' that is drawn although x is given, want it observed: obs=x"),
        ("another name", "guide: got site 'v', which the model lacks, want every latent in both"),
    ],
    ids=["plate", "x", "name"],
)
def test_a_pair_with_a_mistake_is_refused(slip, message):
    model = small(Slip)
    model.slip = slip
    with pytest.raises(ValueError, match=message):
        to_inference_data(model, torch.rand(ROWS, X_SIZE), num_samples=2)


class Conditional(VAE):
    """p(z) p(x | z + y) given real numbers y of each row, with q(z | x)."""

    def model(self, x=None, y=None, size=1):
        with self.batch(x, None, size):
            z = pyro.sample("z", self.standard_normal(2))
            return pyro.sample("x", self.p_x(z + y.reshape(len(y), -1)), obs=x)

    def guide(self, x, y=None, size=1):
        super().guide(x)


def test_real_numbers_that_are_conditioned_on_are_kept():
    y = torch.randn(ROWS, 2)
    draws = to_inference_data(small(Conditional), torch.rand(ROWS, X_SIZE), y, num_samples=2)
    np.testing.assert_array_equal(draws["constant_data"]["y"], y)
    assert draws["constant_data"]["y"].dims == ("datum", "y_unit")


def test_one_real_number_for_each_row_has_no_dimension_of_units():
    y = torch.randn(ROWS)
    try:
        given = to_inference_data(small(Conditional), torch.rand(ROWS, X_SIZE), y, num_samples=2)["constant_data"]["y"]
    except ValueError as error:
        pytest.fail(str(error))
    np.testing.assert_array_equal(given, y)
    assert given.dims == ("datum",)


def test_the_training_mode_is_put_back():
    model = small(VAE, batch_norm=True)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    to_inference_data(model, torch.rand(ROWS, X_SIZE), num_samples=2)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
