"""``SVI`` without the interpreter: loss, gradients and update of any model/guide pair from one graph."""

from weakref import WeakKeyDictionary

import pyro
import torch
from pyro.infer import ELBO, SVI
from pyro.util import warn_if_nan

from pyrodgm.infer.compiled.fused_adam import Updater
from pyrodgm.infer.compiled.programs import Programs
from pyrodgm.infer.compiled.snapshots import Snapshots


class CompiledSVI(SVI):
    """``pyro.infer.SVI`` at the speed of the hardware.

    Takes what ``SVI`` takes and returns the same floats. The first step with an input signature is an ordinary one,
    which creates whatever is created lazily; at the second, loss and gradients are traced into one graph, which is
    checked against the ordinary loss and gradients with the same random numbers; from then on the graph runs, and
    the parameters are updated together, on the state of the user's own optimiser. Plain and compiled steps may
    alternate. See ``CompiledFunction`` for what a signature is, what is read anew at every step, and the checks
    that catch the rest. Where a pair cannot be traced one warning says why, and its steps are ordinary ones.

    A check that fails says since which step the steps may have been wrong, and undoes them: the parameters, the
    optimiser's state and the buffers are those of the last good check. Random numbers and learning rates go on.

    Pyro's validation runs where Python runs: at the first step and at every check. What a model does besides
    computing, such as writing to a file, happens there alone.

    Args:
        model, guide, optim, loss: as for ``pyro.infer.SVI``.
        backend: ``"auto"`` replays the graph's operations, and compiles after 5,000 steps; ``"replay"``,
            ``"inductor"``, ``"cuda_graph"`` as for ``CompiledFunction``; ``"off"`` is plain ``SVI``.

    Attributes:
        undone: first and last number of the steps that were undone, a tuple each time; steps are counted from 1.
        companions: objects with ``state_dict`` and ``load_state_dict`` that go back together with the parameters, such
            as an average of them. A ``state_dict`` holds copies; ``load_state_dict`` gets None where the steps that are
            undone began before the object was put here.

    Raises:
        ValueError: if there is no such backend.

    Example::

        svi = CompiledSVI(m.model, m.guide, Adam({"lr": 3e-4}), TraceEnum_ELBO(max_plate_nesting=1))
        for x in batches:
            svi.step(x)
        svi.explain()
    """

    def __init__(self, model, guide, optim, loss, backend="auto"):
        super().__init__(model, guide, optim, loss)
        self._objective, self.backend = loss, backend
        self.undone, self.companions = [], []
        self._begin()

    def _begin(self):
        arguments = self._loss_and_gradients, self._plain, self.backend, self._roots
        self._steps = Programs(*arguments, trains=True, snapshots=Snapshots(self))
        self._evaluations = Programs(self._evaluate, self._evaluate, self.backend, self._roots)
        self._evaluations.warned = self._steps.warned
        self._updaters = WeakKeyDictionary()
        self._zeros = {}

    def __getstate__(self):
        """A copy traces anew: graphs belong to the tensors that they read."""
        own = ("_steps", "_evaluations", "_updaters", "_zeros")
        return {name: value for name, value in vars(self).items() if name not in own}

    def __setstate__(self, state):
        vars(self).update({"undone": [], "companions": []} | state)
        self._begin()

    def step(self, *args, **kwargs):
        """Take a gradient step. Returns the loss as a float."""
        loss = self._step(args, kwargs)
        if isinstance(loss, torch.Tensor):
            loss = loss.item()
            warn_if_nan(loss, "loss")
        return loss

    def step_async(self, *args, **kwargs):
        """Take a gradient step. Returns the loss as a 0-d tensor, without waiting for the device."""
        return _as_tensor(self._step(args, kwargs))

    def evaluate_loss(self, *args, **kwargs):
        """The loss as a float, without a step."""
        with torch.no_grad():
            program, inputs = self._evaluations.find(args, kwargs)
            if program is None:
                return self._evaluations.plainly(args, kwargs, super().evaluate_loss)
            loss = program(inputs)[0].item()
            warn_if_nan(loss, "loss")
            return loss

    def check(self):
        """Check now what has run since the last check, on the last batches, as before a result is kept."""
        self._steps.check()

    def explain(self):
        """A dict per input signature: what is called, ``signature``, ``backend``, ``calls``, ``seconds``, ``reason``.

        ``seconds`` is what building took; ``reason`` why another backend than the one asked for runs.
        """
        rows = [("step", row) for row in self._steps.explain()]
        rows += [("evaluate_loss", row) for row in self._evaluations.explain()]
        return [{"method": method} | row for method, row in rows]

    def state_dict(self):
        """The backend of every input signature and the calls made with it, as plain values.

        Parameters and the optimiser's state are Pyro's to save: ``pyro.get_param_store()``, ``optim.get_state()``.
        """
        return {"step": self._steps.state_dict(), "evaluate_loss": self._evaluations.state_dict()}

    def load_state_dict(self, state):
        """Continue as the instance of that state would: its programs are built before their first step."""
        self._steps.load_state_dict(state["step"])
        self._evaluations.load_state_dict(state["evaluate_loss"])

    def _step(self, args, kwargs):
        program, inputs = self._steps.find(args, kwargs)
        if program is None:
            return self._steps.plainly(args, kwargs, super().step)
        loss, *gradients = program(inputs)
        updater = self._updaters.get(program)
        if updater is None or updater.optim is not self.optim:
            names = program.nest([None, *gradients])["gradients"]
            updater = Updater(self.optim, [program.parameters[name] for name in names])
            self._updaters[program] = updater
        updater.step(self._gather(updater.parameters, gradients))
        return loss.clone() if program.backend == "cuda_graph" else loss

    def _roots(self):
        own = [f for f in (self.loss, self.loss_and_grads) if getattr(f, "__self__", None) is not self._objective]
        return self.model, self.guide, self._objective, *own

    def _loss_and_gradients(self, *args, **kwargs):
        """The loss and its gradient by parameter: what is traced."""
        if pyro.settings.get("module_local_params"):
            raise ValueError("module_local_params is on")
        with torch.enable_grad(), pyro.poutine.trace(param_only=True) as seen:
            if isinstance(self._objective, ELBO):
                _check_gradients(self._objective)
                loss = self._objective.differentiable_loss(self.model, self.guide, *args, **kwargs)
            else:
                loss = self._objective(self.model, self.guide, *args, **kwargs)
            parameters = _parameters(seen.trace)
            gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        return {"loss": loss.detach(), "gradients": dict(zip(parameters, gradients, strict=True))}

    def _plain(self, *args, **kwargs):
        """The same by Pyro's own ``loss_and_grads``, which leaves the gradients on the parameters."""
        held = [(p, p.grad) for p in pyro.get_param_store()._params.values()]
        for parameter, _ in held:
            parameter.grad = None
        try:
            with pyro.poutine.trace(param_only=True) as seen:
                loss = self.loss_and_grads(self.model, self.guide, *args, **kwargs)
            gradients = {name: parameter.grad for name, parameter in _parameters(seen.trace).items()}
        finally:
            for parameter, gradient in held:
                parameter.grad = gradient
        return {"loss": _as_tensor(loss).detach(), "gradients": gradients}

    def _evaluate(self, *args, **kwargs):
        return _as_tensor(self.loss(self.model, self.guide, *args, **kwargs))

    def _gather(self, parameters, gradients):
        """The gradients, added to what the parameters hold, which is left at zero as by ``SVI.step``.

        What a former step left is known to be zero by its version and need not be read.
        """
        gathered = []
        for parameter, gradient in zip(parameters, gradients, strict=True):
            held = parameter.grad
            if held is None:
                if gradient is not None:
                    self._keep_zero(parameter, torch.zeros_like(parameter))
            elif not self._is_zero(parameter, held):
                gradient = held.clone() if gradient is None else held + gradient
                self._keep_zero(parameter, held.zero_())
            elif gradient is None:
                gradient = held.clone()
            gathered.append(gradient)
        return gathered

    def _keep_zero(self, parameter, zeros):
        parameter.grad = zeros
        self._zeros[parameter] = (zeros, zeros._version)

    def _is_zero(self, parameter, held):
        zeros, version = self._zeros.get(parameter, (None, None))
        return held is zeros and held._version == version


def _check_gradients(objective):
    """Raise where the gradients of an ELBO are not those of its differentiable loss."""
    classes = type(objective).__mro__
    own = next(c for c in classes if "loss_and_grads" in vars(c))
    differentiable = next((c for c in classes if "differentiable_loss" in vars(c)), None)
    if differentiable is None:
        raise ValueError(f"{own.__name__} has no differentiable_loss")
    if classes.index(own) < classes.index(differentiable):
        raise ValueError(f"{own.__name__} makes gradients of its own")


def _as_tensor(loss):
    return loss if isinstance(loss, torch.Tensor) else torch.tensor(loss, dtype=torch.float64)


def _parameters(trace):
    """The unconstrained parameters of a trace by name, each tensor once."""
    parameters = {}
    for name, site in trace.nodes.items():
        parameter = site["value"].unconstrained()
        if not any(parameter is other for other in parameters.values()):
            parameters[name] = parameter
    return parameters
