"""All classes are summed in some epochs, and only a few in others."""

from functools import partial

import pyro
import pytest
import torch
from pyro.infer import SVI, TraceEnum_ELBO

from pyrodgm.data import Batches
from pyrodgm.infer import CompiledSVI, Optimizer
from pyrodgm.models import M2, VAE, LatentClassifierVAE, SplitLatentClassifierVAE
from pyrodgm.train import fit
from tests.pairs import small
from tests.train.test_resume import Interrupted

FEW = ("sampled", {"top": 1})
SCHEDULE = ((1, FEW), (3, "enumerated"))


class Noting(SVI):
    """Notes how classes are treated at every step, and at every check."""

    def __init__(self, *args):
        super().__init__(*args)
        self.steps, self.checks = [], []

    def step(self, **batch):
        self.steps.append(self.model.__self__.classes)
        return super().step(**batch)

    def check(self):
        self.checks.append(self.model.__self__.classes)


def set_up(kind=Noting, model_class=M2, **options):
    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    model = small(model_class, hidden=(), **options)
    optim = Optimizer(torch.optim.Adam, {"lr": 1e-2})
    elbo = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
    return model, kind(model.model, model.guide, optim, elbo), Batches(torch.rand(20, 6).round(), 10)


def test_classes_change_with_the_epoch_and_are_the_models_own_in_the_end():
    model, svi, batches = set_up(classes=("sampled", {"top": 2}))
    fit(svi, batches, 4, classes_by_epoch=((1, FEW), (2, "enumerated")), progress=False)
    assert svi.steps == [("sampled", {"top": 2})] * 2 + [FEW] * 2 + ["enumerated"] * 4
    assert svi.checks == [("sampled", {"top": 2}), FEW, "enumerated"]  # before every change, and in the end
    assert model.classes == ("sampled", {"top": 2})


def test_they_are_after_an_error_too():
    model, svi, _ = set_up()
    with pytest.raises(ValueError, match="batches: got none in epoch 1"):
        fit(svi, [], 5, classes_by_epoch=((0, FEW),), progress=False)
    assert model.classes == "enumerated"


@pytest.mark.parametrize("kind", [SVI, pytest.param(partial(CompiledSVI, backend="replay"), marks=pytest.mark.slow)])
def test_a_run_is_resumed_in_the_middle(kind, tmp_path):
    """Stopped in the second epoch, the first of few classes; the fourth goes back to the first graph."""
    options = {"epochs": 4, "classes_by_epoch": SCHEDULE, "progress": False}
    expected, svi, batches = set_up(kind)
    history = fit(svi, batches, **options)
    _, svi, batches = set_up(kind)
    with pytest.raises(KeyboardInterrupt):
        fit(svi, Interrupted(batches, 3), folder=tmp_path, **options)
    model, svi, batches = set_up(kind)
    torch.manual_seed(99)
    resumed = fit(svi, batches, folder=tmp_path, **options)
    for name, value in expected.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    assert [row["loss"] for row in resumed] == [row["loss"] for row in history]


@pytest.mark.parametrize(
    ("model_class", "options", "pairs", "message"),
    [
        (
            M2,
            {},
            (3, "enumerated"),
            "classes_by_epoch: got .*, want pairs of an epoch and the classes from then on",
        ),
        (M2, {}, ((0.5, "enumerated"),), r"classes_by_epoch: got epochs \[0.5\], want increasing ints from 0"),
        (M2, {}, ((3, FEW), (3, FEW)), r"classes_by_epoch: got epochs \[3, 3\], want increasing ints from 0"),
        (M2, {}, ((-1, FEW),), r"classes_by_epoch: got epochs \[-1\], want increasing ints from 0"),
        (M2, {}, ((0, ("sampled", {"top": 3})),), "classes: sampled: top: got 3, want an int from 1 to 2"),
        (M2, {}, ((0, "sampeld"),), "classes: got 'sampeld' .did you mean 'sampled'"),
        (VAE, {}, ((0, FEW),), "classes_by_epoch: got VAE, want a model whose guide has a class"),
        (SplitLatentClassifierVAE, {}, ((0, FEW),), "classes_by_epoch: got SplitLatentClassifierVAE, want a model"),
        (LatentClassifierVAE, {}, ((0, FEW),), "classes_by_epoch: got LatentClassifierVAE, want a model whose guide"),
    ],
)
def test_bad_input(model_class, options, pairs, message):
    _, svi, batches = set_up(model_class=model_class, **options)
    with pytest.raises(ValueError, match=message):
        fit(svi, batches, 1, classes_by_epoch=pairs, progress=False)
    assert svi.steps == []


def test_a_guide_with_a_class_takes_it():
    model, svi, batches = set_up(model_class=LatentClassifierVAE, bound="jensen")
    fit(svi, batches, 1, classes_by_epoch=((0, FEW),), progress=False)
    assert svi.steps == [FEW] * 2 and model.classes == "enumerated"
