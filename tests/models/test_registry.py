"""Every model trains its parameters; a model that silently does not train is the worst bug here."""

import copy
import gc
import warnings

import pyro
import pytest
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.optim import Adam

from pyrodgm.isolation import isolated
from pyrodgm.models import M2, VAE, registry
from pyrodgm.testing import check_every_parameter_moves
from tests.pairs import rows, small


def step(model, lr=1e-2):
    before = [p.detach().clone() for p in model.parameters()]
    SVI(model.model, model.guide, Adam({"lr": lr}), Trace_ELBO()).step(rows(model)[0])
    return all(not torch.equal(b, p) for b, p in zip(before, model.parameters(), strict=True))


def names():
    return {key.split("$$$")[0] for key in pyro.get_param_store()}


def test_two_instances_side_by_side_train_apart():
    first, second = small(VAE), small(VAE)
    assert step(first) and step(second) and step(first)
    assert names() == {"VAE", "VAE_2"}


def test_a_deep_copy_after_a_step_trains_and_leaves_the_original():
    model = small(VAE)
    assert step(model)
    other = copy.deepcopy(model)
    before = [p.detach().clone() for p in model.parameters()]
    assert step(other)
    assert all(torch.equal(b, p) for b, p in zip(before, model.parameters(), strict=True))


def test_a_reloaded_model_trains():
    model = small(VAE)
    step(model)
    reloaded = small(VAE)
    reloaded.load_state_dict(model.state_dict())
    assert step(reloaded)
    model.load_state_dict(reloaded.state_dict())
    assert step(model)


def test_models_train_on_after_the_store_was_cleared():
    first, second = small(VAE), small(VAE)
    assert step(first) and step(second)
    pyro.clear_param_store()
    assert step(second) and step(first) and step(second)


def test_a_hundred_dropped_models_leave_the_store_empty():
    for _ in range(100):
        model = small(VAE, hidden=(2,))
        step(model)
    del model
    gc.collect()
    assert len(pyro.get_param_store()) == 0


def test_a_dropped_model_takes_nothing_of_anybody_else():
    model = small(VAE)
    step(model)
    pyro.clear_param_store()
    other = small(VAE)
    step(other)  # under the name that the first had
    del model
    gc.collect()
    assert len(pyro.get_param_store()) == len(list(other.parameters()))
    assert step(other)


def of_the_store():
    return {id(parameter) for parameter in pyro.get_param_store()._params.values()}


def test_a_network_that_was_replaced_leaves_the_store():
    model = small(VAE)
    step(model)
    model.q_z = small(VAE).q_z
    assert step(model) and step(model)
    assert names() == {"VAE"} and of_the_store() == {id(parameter) for parameter in model.parameters()}
    del model
    gc.collect()
    assert len(pyro.get_param_store()) == 0


def test_two_models_may_share_a_network():
    first, second = small(VAE), small(VAE)
    second.q_z = first.q_z
    assert step(first) and step(second) and step(first)
    del first
    gc.collect()
    assert step(second) and names() == {"VAE_2"}
    assert of_the_store() == {id(parameter) for parameter in second.parameters()}
    del second
    gc.collect()
    assert len(pyro.get_param_store()) == 0 and not pyro.get_param_store()._param_to_name


def test_another_tensor_under_the_name_is_left_alone(monkeypatch):
    """One tensor of somebody else is no model that was loaded, so there is no warning either."""
    monkeypatch.setattr(registry, "_names", set())  # as in a new process
    key = "VAE$$$p_x.logits.bias"
    theirs = pyro.param(key, torch.zeros(6))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert step(small(VAE))
    assert not any("that no model uses" in str(warning.message) for warning in caught)
    assert pyro.get_param_store()[key] is theirs


def test_a_model_takes_its_parameters_along_to_another_name():
    model = small(VAE)
    model.model(size=2)
    key = "VAE$$$p_x.logits.bias"
    del pyro.get_param_store()[key]
    theirs = pyro.param(key, torch.zeros(6))  # the name is now somebody else's
    model.model(size=2)
    assert [name for name in pyro.get_param_store() if name.startswith("VAE$$$")] == [key]
    assert pyro.get_param_store()[key] is theirs


def test_a_loaded_store_is_not_ignored_in_silence(tmp_path, monkeypatch):
    """Pyro loads tensors into its store only; the model takes them when it is told to."""
    model = small(VAE)
    step(model)
    pyro.get_param_store().save(tmp_path / "store")
    saved = copy.deepcopy(model.state_dict())
    model = small(VAE)
    monkeypatch.setattr(registry, "_names", set())  # as in a new process
    pyro.clear_param_store()
    pyro.get_param_store().load(tmp_path / "store")
    with pytest.warns(UserWarning, match=r"parameters of 'VAE' that no model uses.*pyro.module\('VAE', m, update"):
        model.model(size=2)
    pyro.clear_param_store()
    pyro.get_param_store().load(tmp_path / "store")
    pyro.module("VAE", model, update_module_params=True)
    assert all(torch.equal(value, saved[key]) for key, value in model.state_dict().items())
    assert step(model)


def test_parameters_of_a_model_that_was_dropped_are_not_taken_for_loaded_ones(monkeypatch):
    """A store that was put away while a model was dropped comes back with its parameters."""
    monkeypatch.setattr(registry, "_names", set())
    model = small(VAE)
    step(model)
    with isolated(0):
        del model
        gc.collect()
    assert len(pyro.get_param_store()) > 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert step(small(VAE))
    assert not any("that no model uses" in str(warning.message) for warning in caught)


def test_parameters_that_do_not_train_are_not_registered():
    model = small(M2)
    model.q_y.requires_grad_(False)
    x, y = rows(model)
    before = copy.deepcopy(model.q_y.state_dict())
    check_every_parameter_moves(model, x, y)
    SVI(model.model, model.guide, Adam({"lr": 0.1}), Trace_ELBO()).step(x, y)
    assert not any("q_y" in key for key in pyro.get_param_store())
    for key, value in model.q_y.state_dict().items():
        assert torch.equal(value, before[key])


def test_the_optimiser_state_survives_a_new_process(tmp_path):
    torch.manual_seed(1)
    model = small(VAE)
    optim = Adam({"lr": 1e-2})
    svi = SVI(model.model, model.guide, optim, Trace_ELBO())
    x = rows(model)[0]
    svi.step(x)
    optim.save(tmp_path / "adam")
    weights = copy.deepcopy(model.state_dict())
    torch.manual_seed(2)
    expected = (svi.step(x), svi.step(x))
    del model, svi
    gc.collect()  # as a new process would find it

    model = small(VAE)
    model.load_state_dict(weights)
    optim = Adam({"lr": 1e-2})
    optim.load(tmp_path / "adam")
    svi = SVI(model.model, model.guide, optim, Trace_ELBO())
    torch.manual_seed(2)
    assert (svi.step(x), svi.step(x)) == expected


@pytest.mark.parametrize("x_size", [0, -1, 2.5, "6"])
def test_sizes_are_positive_ints(x_size):
    with pytest.raises(ValueError, match="x_size: got .*, want a positive int"):
        VAE(x_size)
