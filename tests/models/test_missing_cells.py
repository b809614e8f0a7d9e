"""Models with missing cells: what networks read, what counts, and every way to train."""

import copy
import inspect
from functools import partial

import pyro
import pytest
import torch
from pyro.infer import SVI, TraceEnum_ELBO
from pyro.optim import Adam

from pyrodgm import testing
from pyrodgm.data import Batches
from pyrodgm.evaluate import anomaly_score, row_bounds
from pyrodgm.infer import CompiledSVI, SemiSupervisedELBO
from pyrodgm.models import FAME, IAFVAE, M1M2, M2, VAE, DeepGenerativeModel, SemiSupervisedFAME
from pyrodgm.train import fit
from tests.pairs import model_classes, rows, small

NAN = torch.nan
ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
GENERATIVE = [c for c in model_classes() if issubclass(c, DeepGenerativeModel)]
TABLES = [c for c in GENERATIVE if "missing" in inspect.signature(c).parameters]
IMAGES = (FAME, IAFVAE, SemiSupervisedFAME)
CASES = [(c, "zeros" if c in IMAGES else "mask") for c in TABLES]


def rows_with_missing_cells(model):
    x, y = rows(model)
    x[0, 1] = x[1, 2] = x[1, 3] = NAN
    x[2] = NAN
    return x, y


@pytest.mark.parametrize(("model_class", "missing"), CASES)
def test_every_pair_with_missing_cells(model_class, missing):
    """Brute force over y, every parameter moves, copies, state and generation, from rows with NaN."""
    model = small(model_class, missing=missing)
    x, y = rows_with_missing_cells(model)
    testing.check_pair(model, x, y)
    assert model.eval().reconstruct(x).isfinite().all()
    if model.num_classes:
        assert model.classifier(x).isfinite().all()


def loss_of(model, x, y=None):
    pyro.set_rng_seed(0)
    return ELBO.loss(model.model, model.guide, x, y)


@pytest.mark.parametrize("model_class", TABLES)
def test_complete_rows_count_as_they_did(model_class):
    plain, model = small(model_class).eval(), small(model_class, missing="zeros").eval()
    model.load_state_dict(plain.state_dict())
    x, _ = rows(plain)
    assert loss_of(model, x) == loss_of(plain, x)


@pytest.mark.parametrize("likelihood", ["normal", ("binomial", {"total_count": 4})])
@pytest.mark.parametrize("missing", ["mask", "zeros"])
def test_a_column_without_values_is_as_good_as_none(missing, likelihood):
    """The loss is that of a VAE of the other columns, whose first bias has what the mask adds."""
    model = small(VAE, missing=missing, likelihood=likelihood, x_size=4).double()
    x = torch.randint(5, (6, 4)).double()
    x[:, 1], seen = NAN, [0, 2, 3]
    other = small(VAE, likelihood=likelihood, x_size=3).double()
    state = {}
    for name, tensor in model.state_dict().items():
        if name.startswith(("p_x.loc", "p_x.log_variance", "p_x.logits")):
            tensor = tensor[seen]
        state[name] = tensor[:, seen] if name == "q_z.trunk.layers.0.weight" else tensor
    if missing == "mask":
        mask_of_1 = model.q_z.trunk.layers[0].weight[:, 4 + 1].detach()
        state["q_z.trunk.layers.0.bias"] = state["q_z.trunk.layers.0.bias"] + mask_of_1
    other.load_state_dict(state)
    assert loss_of(model, x) == pytest.approx(loss_of(other, x[:, seen]), rel=1e-12)


def test_networks_read_zeros_and_a_mask():
    x = torch.tensor([[1.0, NAN, 4.0], [NAN, 2.0, 0.0]])
    model = small(M2, x_size=3, likelihood=("binomial", {"total_count": 4}), missing="mask")
    zeros = [[0.25, 0.0, 1.0], [0.0, 0.5, 0.0]]
    assert model.scaled(x).tolist() == [[*zeros[0], 0, 1, 0], [*zeros[1], 1, 0, 0]]
    assert small(M2, x_size=3, likelihood=("binomial", {"total_count": 4}), missing="zeros").scaled(x).tolist() == zeros


def batches_with_missing_cells(step):
    generator = torch.Generator().manual_seed(step)
    x = torch.rand(8, 6, generator=generator).round()
    return x.masked_fill(torch.rand(8, 6, generator=generator) < 0.3, NAN), torch.arange(8) % 3


def test_a_compiled_step_is_the_same_for_any_mask():
    losses, svis = [], []
    for kind in (SVI, partial(CompiledSVI, backend="replay")):
        pyro.set_rng_seed(0)
        model = small(M2, missing="mask")
        svi = kind(model.model, model.guide, Adam({"lr": 1e-2}), SemiSupervisedELBO(ELBO, 1.0))
        pyro.set_rng_seed(1)
        steps = [batches_with_missing_cells(step) for step in range(4)]
        losses.append([svi.step(labelled=(x, y), unlabelled=x) for x, y in steps])
        svis.append(svi)
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert torch.tensor(losses).isfinite().all()
    assert [row["backend"] for row in svis[1].explain()] == ["replay"]  # one graph


def test_the_loop_trains_on_batches_with_missing_cells():
    model = small(VAE, missing="mask")
    x = torch.ones(32, 6).masked_fill(torch.rand(32, 6) < 0.3, NAN)
    with pytest.raises(ValueError, match="x: got .* NaN or infinite values, want finite numbers"):
        Batches(x, 8)
    batches = Batches(x, 8, labelled=(x, torch.zeros(len(x))), missing=True)
    with pytest.raises(ValueError, match="labelled: got .* NaN"):
        Batches(x.nan_to_num(0.0), 8, labelled=(x, torch.zeros(len(x))))
    history = fit(SVI(model.model, model.guide, Adam({"lr": 1e-2}), ELBO), Batches(x, 8, missing=True), epochs=10)
    assert history[-1]["loss"] < history[0]["loss"]
    assert next(iter(batches))["unlabelled"].isnan().any()


def test_anomaly_scores_of_rows_with_missing_cells():
    model = small(VAE, missing="mask", likelihood="normal").eval()
    x, _ = rows_with_missing_cells(model)
    pyro.set_rng_seed(0)
    bounds = row_bounds(model, x)
    pyro.set_rng_seed(0)
    assert torch.equal(anomaly_score(model, x), -bounds)
    x[3, 0] = 50.0  # read in double precision
    assert anomaly_score(model, x).isfinite().all()
    with pytest.raises(ValueError, match="x: got 3 NaN or infinite values, want finite numbers"):
        anomaly_score(small(VAE, likelihood="normal"), x[:2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: small(VAE, missing="mean"), "missing: got 'mean', want one of mask, zeros"),
        (lambda: small(VAE, missing=True), "missing: got True, want one of mask, zeros"),
        (lambda: small(IAFVAE, missing="mask"), "missing: got 'mask' with networks that read images, want 'zeros'"),
        (lambda: small(FAME, missing="mask"), "missing: got 'mask' with networks that read images, want 'zeros'"),
        (
            lambda: FAME((4, 4), z_sizes=(2,), maps=(2,), hidden=((3,),), concatenation=True, missing="zeros"),
            "missing: got 'zeros' with concatenation, want None",
        ),
    ],
)
def test_options_that_no_model_can_have(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_nan_is_refused_without_the_option_and_infinity_with_it():
    x, _ = batches_with_missing_cells(0)
    for options, bad, message in (
        ({}, x, "NaN or infinite values, want finite numbers"),
        ({"missing": "mask"}, x / 0, "infinite values, want values in .0, 1., or NaN for a missing cell"),
        ({"missing": "mask"}, x + 2, "x: got values from 2 to 3, want values in .0, 1., or NaN for a missing cell"),
    ):
        model = small(M2, **options)
        with pytest.raises(ValueError, match=message):
            SVI(model.model, model.guide, Adam({"lr": 1e-2}), ELBO).step(bad)


def test_a_vae_with_missing_cells_goes_into_m1m2():
    vae, options = small(VAE, missing="mask", z_size=3, hidden=(8,)), {"z1_size": 3, "hidden": ((8,), (5,))}
    small(M1M2, missing="mask", **options).load_m1(vae)
    with pytest.raises(ValueError, match="vae: got other networks than those of M1"):
        small(M1M2, **options).load_m1(small(VAE, missing="zeros", z_size=3, hidden=(8,)))


def test_a_copy_is_as_it_was():
    model = small(VAE, missing="mask")
    x, _ = rows_with_missing_cells(model)
    assert loss_of(copy.deepcopy(model), x) == loss_of(model, x)
