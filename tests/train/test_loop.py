import math
import signal
import warnings

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import SVI, Trace_ELBO
from pyro.nn import PyroModule
from pyro.optim import SGD, Adam, ExponentialLR
from pyro.poutine.runtime import _PYRO_STACK

from pyrodgm.data import Batches
from pyrodgm.handlers import warm_up
from pyrodgm.infer import CompiledSVI
from pyrodgm.models import VAE
from pyrodgm.train import fit
from pyrodgm.train.nan_report import non_finite_site, not_finite
from tests.pairs import rows, small


class Fake:
    """Records what the loop asks of an SVI."""

    def __init__(self, losses):
        self.losses, self.seen, self.optim = iter(losses), [], None

    def step(self, **batch):
        self.seen.append(batch)
        return next(self.losses)


def test_history_has_the_mean_loss_of_every_epoch():
    history = fit(Fake([1.0, 3.0, 5.0, 7.0]), [{"x": 1}, {"x": 2}], epochs=2, progress=False)
    assert [(row["epoch"], row["loss"]) for row in history] == [(1, 2.0), (2, 6.0)]
    assert 0 <= history[0]["seconds"] <= history[1]["seconds"]


def test_the_figures_of_an_epoch_join_its_row():
    history = fit(Fake([1.0] * 3), [{}], 3, measure=lambda e: {"error": 10 * e} if e > 1 else {}, progress=False)
    assert [row.get("error") for row in history] == [None, 20, 30]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_the_run(loss):
    with pytest.raises(FloatingPointError, match="the loss is (nan|inf) at epoch 2, batch 1"):
        fit(Fake([1.0, 1.0, loss]), [{}, {}], 3, progress=False)


def temperatures(batch_size, **warm_up):
    """The temperature of z at every step of a run."""
    model, seen = small(VAE), []

    class Scales(Trace_ELBO):
        def loss_and_grads(self, model, guide, *args, **kwargs):
            for pair, _ in self._get_traces(model, guide, args, kwargs):
                seen.append(float(pair.nodes["z"]["scale"]))
            return 0.0

    svi = SVI(model.model, model.guide, Adam({"lr": 0.0}), Scales())
    fit(svi, Batches(rows(model)[0], batch_size), progress=False, **warm_up)
    return seen


def test_warm_up_rises_to_one_and_is_left():
    assert temperatures(7, epochs=6, warm_up_epochs=4) == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert temperatures(3, epochs=3, warm_up_steps=5) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])


class Checked(Fake):
    """Has steps to check, as a ``CompiledSVI``, and records the weight of a latent in steps and checks."""

    def record(self, what):
        with poutine.trace() as capture:
            pyro.sample("z", dist.Normal(0.0, 1.0))
        self.seen.append((what, float(capture.trace.nodes["z"]["scale"])))

    def step(self):
        self.record("step")
        return next(self.losses)

    def check(self):
        self.record("check")


def test_the_last_step_is_checked_under_its_own_warm_up():
    svi = Checked([1.0] * 3)
    fit(svi, [{}], epochs=3, warm_up_epochs=4, progress=False)
    assert [weight for what, weight in svi.seen if what == "step"] == [0.25, 0.5, 0.75]
    checks = [(svi.seen[i - 1][1], weight) for i, (what, weight) in enumerate(svi.seen) if what == "check"]
    assert checks and all(before == weight for before, weight in checks)


@pytest.mark.parametrize(("options", "weight"), [({}, 1.0), ({"warm_up_discrete": True}, 0.5)])
def test_a_class_is_warmed_up_if_asked(options, weight):
    class OfAClass(Checked):
        def record(self, what):
            with poutine.trace() as capture:
                pyro.sample("y", dist.Categorical(logits=torch.zeros(3)))
            self.seen.append((what, float(capture.trace.nodes["y"]["scale"])))

    svi = OfAClass([1.0])
    fit(svi, [{}], epochs=1, warm_up_epochs=2, progress=False, **options)
    assert ("step", weight) in svi.seen


def test_warm_up_rises_from_its_start():
    """From 0.3 in two epochs, or four steps: 0.3 + 0.7 / 2 and 0.3 + 0.7 / 4 first."""
    assert temperatures(7, epochs=3, warm_up_epochs=2, warm_up_start=0.3) == pytest.approx([0.65, 1.0, 1.0])
    assert temperatures(7, epochs=3, warm_up_epochs=2, warm_up_start=5.0) == pytest.approx([3.0, 1.0, 1.0])
    found = temperatures(3, epochs=2, warm_up_steps=4, warm_up_start=0.3)
    assert found == pytest.approx([0.475, 0.65, 0.825, 1.0, 1.0, 1.0][: len(found)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"warm_up_start": -0.1}, "warm_up_start: got -0.1, want a number of at least 0"),
        ({"warm_up_start": math.inf}, "warm_up_start: got inf, want a number of at least 0"),
        ({"warm_up_start": math.nan}, "warm_up_start: got nan, want a number of at least 0"),
    ],
)
def test_a_warm_up_that_is_none_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fit(Fake([1.0]), [{}], 1, progress=False, **options)


def test_after_the_warm_up_nothing_is_scaled():
    """What is refused in a warm-up, even at a temperature of 1, is measured after it."""
    model, inside = small(VAE), []

    class Watched(Trace_ELBO):
        def loss_and_grads(self, *args, **kwargs):
            inside.append(any(isinstance(handler, warm_up) for handler in _PYRO_STACK))
            return 0.0

    svi = SVI(model.model, model.guide, Adam({"lr": 0.0}), Watched())
    fit(svi, Batches(rows(model)[0], 7), 4, warm_up_epochs=2, progress=False)
    assert inside == [True, False, False, False]


def test_a_pyro_scheduler_steps_once_an_epoch():
    model = small(VAE)
    x = rows(model)[0]
    optim = ExponentialLR({"optimizer": torch.optim.SGD, "optim_args": {"lr": 1e-4}, "gamma": 0.5})
    svi = SVI(model.model, model.guide, optim, Trace_ELBO())
    fit(svi, Batches(x, 3), epochs=3, progress=False)
    rates = {scheduler.get_last_lr()[0] for scheduler in optim.optim_objs.values()}
    assert rates == {1e-4 / 8}


def test_it_trains():
    model = small(VAE)
    x = torch.tensor([[1.0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]).repeat(50, 1)
    svi = SVI(model.model, model.guide, Adam({"lr": 2e-2}), Trace_ELBO(max_plate_nesting=1))
    history = fit(svi, Batches(x, 20), epochs=60, warm_up_epochs=5, progress=False)
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]


def test_the_bar_shows_the_figures(capsys):
    fit(Fake([1.0]), [{}], 1, measure=lambda epoch: {"error": 12.345}, description="digits")
    shown = capsys.readouterr().err
    assert "digits" in shown and "error=12.35" in shown and "loss=1.00" in shown
    assert "epoch=1," in shown and "seconds" not in shown


def test_an_error_before_the_first_step_has_a_line_of_its_own(capsys):
    """A bar that is begun would stay on the line of the message."""
    with pytest.raises(ValueError, match="decay"):
        fit(Fake([1.0]), [{}], 1, module=small(VAE), ema=2.0)
    assert capsys.readouterr().err == ""


def trained(epochs, **options):
    """A small VAE trained with a figure that is best at epoch 2, and its parameters after every epoch."""
    pyro.set_rng_seed(0)
    model, seen = small(VAE), []
    x = rows(model)[0]
    svi = SVI(model.model, model.guide, Adam({"lr": 1e-2}), Trace_ELBO())

    def measure(epoch):
        seen.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
        return {"figure": abs(epoch - 2)}

    fit(svi, Batches(x, 7), epochs, measure=measure, progress=False, **options)
    return torch.cat([p.detach().flatten() for p in model.parameters()]), seen


def test_the_best_epoch_is_kept():
    kept, seen = trained(5, monitor="figure")
    assert torch.equal(kept, seen[1]) and not torch.equal(seen[1], seen[4])


def test_patience_stops_the_run():
    _, seen = trained(9, monitor="figure", patience=3)
    assert len(seen) == 5


def test_the_loss_may_be_watched():
    model = small(VAE)
    svi = SVI(model.model, model.guide, Adam({"lr": 0.0}), Trace_ELBO())
    svi.step = lambda x: 1.0
    assert len(fit(svi, Batches(rows(model)[0], 7), 9, monitor="loss", patience=2, progress=False)) == 3


def test_a_figure_that_is_never_measured_is_told():
    with pytest.warns(UserWarning, match="monitor: got 'figur', which was never measured"):
        trained(2, monitor="figur")


def test_no_epoch_is_no_reason_to_warn():
    model = small(VAE)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit(SVI(model.model, model.guide, Adam({}), Trace_ELBO()), [], 0, monitor="figure", progress=False)
    assert not said


def test_the_average_is_measured_and_kept():
    last, _ = trained(5)
    averaged, seen = trained(5, ema=0.9)
    assert torch.equal(averaged, seen[-1]) and not torch.equal(averaged, last)
    _, steps = trained(5)  # a step an epoch
    weights = [0.1 * 0.9 ** (4 - t) for t in range(5)]
    want = sum(w * parameters for w, parameters in zip(weights, steps, strict=True)) / (1 - 0.9**5)
    torch.testing.assert_close(averaged, want)


def test_the_best_epoch_of_the_average_is_kept_as_it_was_measured():
    kept, seen = trained(5, ema=0.9, monitor="figure")
    assert torch.equal(kept, seen[1])


@pytest.mark.filterwarnings("ignore:Encountered NaN")
class TestDiverging:
    """Each run is good for some batches and then not, in one way."""

    def run(self, kind, spoil, batches=130, folder=None):
        """Train over batches of which ``spoil`` makes the last but ten; gives the model and what it was just before."""
        pyro.set_rng_seed(0)
        model = small(VAE, likelihood="normal")
        good = {"x": torch.randn(7, 6)}

        class Spoiled:
            def __iter__(self):
                yield from [good] * (batches - 10)
                yield spoil(model, good)
                yield from [good] * 9

        svi = kind(model.model, model.guide, Adam({"lr": 1e-3}), Trace_ELBO(max_plate_nesting=1))
        with pyro.validation_enabled(False), pytest.raises(FloatingPointError) as error:
            fit(svi, Spoiled(), 2, folder=folder, progress=False)
        return model, str(error.value)

    @pytest.mark.parametrize("kind", [SVI, CompiledSVI])
    def test_an_observation_names_its_site(self, kind):
        def remote(model, good):
            model.p_x.loc.bias.data.fill_(1e30)
            return good

        model, message = self.run(kind, remote)
        assert message.endswith(" at epoch 1, batch 121: the log-probability of site 'x' is not finite")
        assert all(bool(torch.isfinite(p).all()) for p in model.parameters())

    @pytest.mark.parametrize("kind", [SVI, CompiledSVI])
    def test_a_latent_names_its_site(self, kind):
        _, message = self.run(kind, lambda model, good: {"x": torch.full((7, 6), math.nan)})
        assert message.startswith("the loss is nan at epoch 1, batch 121: the value of site 'z' is not finite")

    def test_a_later_epoch_names_its_batch_too(self):
        pyro.set_rng_seed(0)
        model = small(VAE, likelihood="normal")
        svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), Trace_ELBO(max_plate_nesting=1))
        kept = []

        def measure(epoch):
            kept.append({name: value.clone() for name, value in model.state_dict().items()})
            if epoch == 2:
                model.p_x.loc.bias.data.fill_(1e30)
            return {}

        with pyro.validation_enabled(False), pytest.raises(FloatingPointError, match="epoch 3, batch 1: the log-prob"):
            fit(svi, Batches(torch.randn(21, 6), 7), 4, measure=measure, progress=False)
        assert torch.equal(model.q_z.loc.weight, kept[-1]["q_z.loc.weight"])

    @pytest.mark.parametrize("kind", [SVI, CompiledSVI])
    def test_arguments_that_pyro_refuses_name_the_step_and_the_site(self, kind):
        pyro.set_rng_seed(0)
        model, before = small(VAE, likelihood="normal"), []
        svi = kind(model.model, model.guide, Adam({"lr": 1e30}), Trace_ELBO(max_plate_nesting=1))

        class Watched:
            def __iter__(self):
                for _ in range(4):
                    before.append([p.detach().clone() for p in model.parameters()])
                    yield {"x": torch.ones(7, 6)}

        with pytest.raises((FloatingPointError, ValueError)) as error:
            fit(svi, Watched(), 2, progress=False)
        assert isinstance(error.value, FloatingPointError), error.value
        assert "at epoch 1, batch 2: the " in str(error.value) and "of site 'z' is not finite" in str(error.value)
        assert all(map(torch.equal, model.parameters(), before[1]))

    def test_arguments_that_pyro_refuses_though_the_loss_is_finite_are_its_error(self):
        class Refused(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.a = torch.nn.Parameter(torch.tensor(0.5))

            def model(self, x):
                pyro.module("refused", self)
                with pyro.plate("rows", len(x)):
                    pyro.sample("x", dist.Gamma(self.a, 1.0), obs=x)

            def guide(self, x):
                pass

        pair, seen = Refused(), []
        svi = SVI(pair.model, pair.guide, SGD({"lr": 1.0}), Trace_ELBO())

        class Watched:
            def __iter__(self):
                for _ in range(5):
                    seen.append(pair.a.item())
                    yield {"x": torch.full((3,), 0.01)}

        with pytest.raises((FloatingPointError, ValueError)) as error:
            fit(svi, Watched(), 2, progress=False)
        assert isinstance(error.value, ValueError) and "Expected parameter concentration" in str(error.value)
        assert pair.a.item() == seen[1] < 0

    def test_parameters_that_are_not_finite_from_the_beginning(self):
        model = small(VAE)
        model.p_x.logits.bias.data.fill_(math.nan)
        svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), Trace_ELBO())
        with pytest.raises(FloatingPointError, match="at epoch 1, batch 0"):
            fit(svi, Batches(rows(model)[0], 7), 1, progress=False)

    def test_a_loss_that_waits_on_a_gpu_is_looked_at(self):
        class Elsewhere(torch.Tensor):
            is_cuda = True

        loss = torch.tensor(math.inf).as_subclass(Elsewhere)
        with pytest.raises(FloatingPointError, match="the loss is inf at epoch 1, batch 2"):
            fit(Fake([torch.tensor(1.0), loss]), [{}, {}], 1, progress=False)

    def test_a_loss_that_waits_on_a_gpu_is_looked_at_every_hundred_steps(self):
        class Elsewhere(torch.Tensor):
            is_cuda = True

        losses = [torch.tensor(math.inf if step == 150 else 1.0).as_subclass(Elsewhere) for step in range(250)]
        svi = Fake(losses)
        with pytest.raises(FloatingPointError, match="the loss is inf at epoch 1, batch 200"):
            fit(svi, [{}] * 250, 1, progress=False)
        assert len(svi.seen) == 200

    def test_a_gradient_names_its_parameters(self):
        pyro.set_rng_seed(0)
        model = small(VAE)

        class Rooted(Trace_ELBO):
            def differentiable_loss(self, model, guide, x):
                return super().differentiable_loss(model, guide, x)

            def loss_and_grads(self, model, guide, x):
                loss = self.differentiable_loss(model, guide, x)
                loss.backward()
                if x.shape[0] == 5:
                    owner.q_z.trunk.layers[0].bias.grad.fill_(math.nan)
                return loss.item()

        owner = model
        x = rows(model)[0]
        svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), Rooted(max_plate_nesting=1))
        name = next(n for n, p in model.named_parameters() if p is model.q_z.trunk.layers[0].bias)
        with (
            pyro.validation_enabled(False),
            pytest.raises(FloatingPointError, match=f"the gradient is not finite at epoch 1, batch 3: of {name}$"),
        ):
            fit(svi, [{"x": x}, {"x": x}, {"x": x[:5]}, {"x": x}], 1, progress=False)
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        two_steps = small(VAE)
        assert torch.equal(rows(two_steps)[0], x)
        svi = SVI(two_steps.model, two_steps.guide, Adam({"lr": 1e-3}), Trace_ELBO(max_plate_nesting=1))
        fit(svi, [{"x": x}] * 2, 1, progress=False)
        assert all(torch.equal(value, model.state_dict()[name]) for name, value in two_steps.state_dict().items())

    def test_the_last_good_checkpoint_stays(self, tmp_path):
        model, _ = self.run(SVI, lambda model, good: {"x": torch.full((7, 6), math.nan)}, folder=tmp_path)
        assert not list(tmp_path.iterdir())  # it was not yet time to save
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        model = small(VAE, likelihood="normal")
        svi = SVI(model.model, model.guide, Adam({"lr": 1e-3}), Trace_ELBO(max_plate_nesting=1))
        good, bad = {"x": torch.randn(7, 6)}, {"x": torch.full((7, 6), 1e30)}
        fit(svi, [good, good], 1, folder=tmp_path, progress=False)
        before = (tmp_path / "checkpoint.safetensors").read_bytes()
        with pyro.validation_enabled(False), pytest.raises(FloatingPointError, match="epoch 2, batch 2"):
            fit(svi, [good, bad], 2, folder=tmp_path, progress=False)
        assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_a_number_is_finite_even_if_its_square_is_not():
    module = torch.nn.Linear(2, 2)
    with torch.no_grad():
        module.weight.fill_(1e30)
        assert not_finite(module) == not_finite(torch.nn.ReLU()) == []
        module.weight[1, 1] = -math.inf
        assert not_finite(module) == ["weight"]
        module.bias[0] = math.nan
        assert not_finite(module) == ["weight", "bias"]


def test_arguments_that_a_distribution_cannot_compute_with_are_the_site():
    def model(covariance):
        pyro.sample("z", dist.MultivariateNormal(torch.zeros(2), covariance))

    svi = SVI(model, lambda covariance: None, Adam({}), Trace_ELBO())
    with pyro.validation_enabled(False):
        try:
            found = non_finite_site(svi, {"covariance": torch.full((2, 2), math.nan)})
        except RuntimeError as error:  # of Cholesky's decomposition
            found = error
    assert found == "the arguments of a site are not finite"


def test_a_model_that_is_a_module_itself_is_the_module():
    class Mean(PyroModule):
        def __init__(self):
            super().__init__()
            self.mean = torch.nn.Parameter(torch.tensor(0.0))

        def forward(self, x):
            with pyro.plate("rows", len(x)):
                pyro.sample("x", dist.Normal(self.mean, 1.0), obs=x)

    module, seen = Mean(), []
    svi = SVI(module, lambda x: None, Adam({"lr": 0.1}), Trace_ELBO())

    def measure(epoch):
        seen.append(module.mean.item())
        return {}

    try:
        fit(svi, [{"x": torch.ones(3)}], 2, measure=measure, ema=0.5, progress=False)
    except ValueError as refused:
        pytest.fail(f"refused: {refused}")
    assert module.mean.item() == seen[-1] != 0


@pytest.mark.parametrize("option", [{"ema": 0.9}, {"monitor": "loss"}, {"folder": "runs"}])
def test_a_module_that_is_needed_is_asked_for(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="module: got None, want the module with the parameters"):
        fit(Fake([1.0]), [{}], 1, progress=False, **option)


def test_batches_that_run_out_are_told():
    with pytest.raises(ValueError, match="batches: got none in epoch 2, want some at every iteration"):
        fit(Fake([1.0]), iter([{}]), 2, progress=False)


def test_an_optimiser_may_outlive_a_model():
    optim = Adam({"lr": 1e-3})
    for _ in range(2):
        model = small(VAE)
        before = next(model.parameters()).detach().clone()
        svi = SVI(model.model, model.guide, optim, Trace_ELBO())
        fit(svi, Batches(rows(model)[0], 7), 1, progress=False)
        assert not torch.equal(before, next(model.parameters()))
        del model, svi


def test_ctrl_c_without_a_folder_is_left_to_python():
    handler = signal.getsignal(signal.SIGINT)
    fit(Fake([1.0]), [{}], 1, progress=False)
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("options", [{"warm_up_epochs": -1}, {"warm_up_steps": -1}])
def test_a_warm_up_of_negative_length(options):
    with pytest.raises(ValueError, match="warm_up_.*: got -1, want at least 0"):
        fit(Fake([]), [], 1, progress=False, **options)
