import importlib

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from pyrodgm.evaluate import active_units, elbo_parts, kl_per_unit, latent_means
from pyrodgm.models import ADGM, AVAE, M1M2, M2, SDGM, VAE
from tests.evaluate.known_evidence import Discrete, LinearNormal
from tests.pairs import POSTERIORS, rows, small


def test_kl_of_a_vae_is_the_closed_form():
    model = small(VAE).double()
    x = torch.rand(7, 6).double()
    q = model.q_z(x).base_dist
    want = 0.5 * (q.loc**2 + q.scale**2 - 1 - 2 * q.scale.log()).mean(0)
    for size in (3, 100):
        torch.testing.assert_close(kl_per_unit(model, x, batch_size=size), want.detach(), rtol=1e-9, atol=0)


def test_kl_and_means_of_m2_are_averaged_by_the_classifier():
    model = small(M2).double()
    x = torch.rand(7, 6).double()
    probs = model.classifier(x).detach()
    q = [model.q_z(x, torch.eye(3).double()[k].expand(7, -1)).base_dist for k in range(3)]
    kl = torch.stack([kl_divergence(fn, Normal(0.0, 1.0)).detach() for fn in q], 1)  # (B, K, z)
    torch.testing.assert_close(kl_per_unit(model, x), (probs[..., None] * kl).sum(1).mean(0), rtol=1e-9, atol=0)
    means = torch.stack([fn.loc.detach() for fn in q], 1)
    want = (probs[..., None] * means).sum(1)
    torch.testing.assert_close(latent_means(model, x, batch_size=4), want, rtol=1e-9, atol=0)
    torch.testing.assert_close(latent_means(model, x, torch.zeros(7).long()), means[:, 0], rtol=1e-9, atol=0)
    torch.testing.assert_close(latent_means(model, x, site="y"), probs, rtol=1e-9, atol=0)


@pytest.mark.parametrize("model_class", [ADGM, SDGM])
def test_units_sum_to_the_layer(model_class):
    """z's KLs are analytic given a. a's prior reads z, which the guide draws from a: no mean of analytic KLs is a's."""
    model = small(model_class).double()
    x = rows(model)[0].double()
    torch.manual_seed(0)
    units = kl_per_unit(model, x, "a", batch_size=4).sum()
    torch.manual_seed(0)
    assert float(units) == pytest.approx(elbo_parts(model, x, batch_size=4)["a"], rel=1e-9)
    x = x.repeat(100, 1)
    units = torch.stack([kl_per_unit(model, x, "z").sum() for _ in range(20)])
    parts = torch.tensor([elbo_parts(model, x)["z"] for _ in range(20)]).double()
    error = ((units.var() + parts.var()) / 20).sqrt()
    assert abs(float(units.mean() - parts.mean())) < 4 * float(error) < 0.1 * float(parts.mean())
    assert float(units.std()) < 0.7 * float(parts.std())


@pytest.mark.parametrize(("model_class", "sites"), [(M1M2, ["z1"]), (AVAE, ["z1", "a1", "a2"])])
def test_units_sum_to_their_layer_of_several(model_class, sites):
    """The prior of each reads what the guide draws after it, so that its KL is sampled, with the layer's noise."""
    model = small(model_class).double()
    x = rows(model)[0].double()
    for site in sites:
        torch.manual_seed(0)
        units = kl_per_unit(model, x, site).sum()
        torch.manual_seed(0)
        assert float(units) == pytest.approx(elbo_parts(model, x)[site], rel=1e-9)
    top = model.get_submodule("q_z.1" if model_class is AVAE else "q_z2").loc.weight
    assert kl_per_unit(model, x, "z2").shape == active_units(model, x, "z2").shape == (len(top),)


def test_units_of_an_autoregressive_flow_sum_to_the_layer():
    """Each with its own part of the log-determinant, at the same noise."""
    model = small(VAE, posterior="iaf").double()
    x = rows(model)[0].double()
    torch.manual_seed(0)
    units = kl_per_unit(model, x)
    torch.manual_seed(0)
    assert units.shape == (2,) and float(units.sum()) == pytest.approx(elbo_parts(model, x)["z"], rel=1e-9)


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_active_units_are_those_whose_mean_varies(posterior):
    """One unit of two follows x; the other keeps to the prior, whatever is drawn of it."""
    model = small(VAE, hidden=(), posterior=posterior)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.q_z.loc.weight[0] = 0.5
    x = torch.rand(400, 6)
    assert active_units(model, x).tolist() == [True, False]
    assert active_units(model, x, threshold=10.0).tolist() == [False, False]
    for weight, active in ((0.2, True), (0.1, False)):  # of six uniform features: a variance of 0.02, and of 0.005
        with torch.no_grad():
            model.q_z.loc.weight[0] *= weight / model.q_z.loc.weight[0].abs().max()
        assert active_units(model, x).tolist() == [active, False]


def test_activity_is_the_variance_of_the_means():
    model = small(VAE)
    x = torch.rand(50, 6)
    variance = latent_means(model, x).var(0)
    for unit in range(2):
        for factor in (0.999, 1.001):
            assert bool(active_units(model, x, threshold=float(variance[unit]) * factor)[unit]) == (factor < 1)


def test_noise_of_sampled_means_is_not_activity():
    """a is drawn, and z follows a with the same law for every row: its sampled means vary, and it is not active."""
    model = small(ADGM, hidden=())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.q_z.loc.weight[:, 0] = 1.0
    x = torch.rand(1000, 6)
    assert float(latent_means(model, x).var(0).min()) > 0.5
    assert not active_units(model, x, threshold=0.05).any()


def test_two_estimates_of_the_mean_that_vary_against_each_other_are_not_activity(monkeypatch):
    estimates = iter([torch.tensor([[-1.0], [1.0]]), torch.tensor([[1.0], [-1.0]])])
    module = importlib.import_module("pyrodgm.evaluate.active_units")
    monkeypatch.setattr(module, "latent_means", lambda *args, **options: next(estimates))
    assert active_units(small(VAE), torch.rand(2, 6)).tolist() == [False]


@pytest.mark.parametrize("function", [kl_per_unit, active_units, latent_means])
def test_unknown_sites_are_refused(function):
    model = small(M2)
    with pytest.raises(ValueError, match="site: got 'a', want one of y, z"):
        function(model, rows(model)[0], site="a")


def test_what_has_no_units_is_refused():
    x = torch.rand(5, 6)
    with pytest.raises(ValueError, match="site: got 'z', FullNormal, want one that is a product over units"):
        kl_per_unit(small(VAE, posterior="full"), x)
    with pytest.raises(ValueError, match="x: got 1 rows, want at least two"):
        active_units(small(VAE), x[:1])
    model = Discrete("model")
    with pytest.raises(ValueError, match="model: got site 'y' enumerated in the model only"):
        kl_per_unit(model, model.data(), site="c")


def test_a_pair_of_a_users_own():
    model = LinearNormal()
    x = torch.randn(10, 4).double()
    assert latent_means(model, x).shape == (10, 2) and kl_per_unit(model, x).shape == (2,)
