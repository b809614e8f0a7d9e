"""A compiled ``SVI``: loss and gradients of any model/guide pair run as one graph."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import pyro
import torch
from pyro.infer import ELBO, SVI
from pyro.infer.util import torch_item, zero_grads
from pyro.optim import PyroOptim
from pyro.util import warn_if_nan
from torch.overrides import TorchFunctionMode

from pyrodgm.infer.compiled.fused_adam import Updater
from pyrodgm.infer.compiled.program import ParameterSites
from pyrodgm.infer.compiled.programs import Programs
from pyrodgm.infer.compiled.pyro_patches import one_at_a_time
from pyrodgm.infer.compiled.snapshots import Snapshots


class CompiledSVI(SVI):
    """``pyro.infer.SVI``, compiled.

    It takes the same arguments as ``SVI`` and returns the same floats. The first step with an input signature is an
    ordinary step, which also creates parameters that are created lazily. At the second step, loss and gradients are
    traced into one graph, which is checked against the ordinary loss and gradients with the same random numbers. From
    then on the graph runs. It is only valid for batches of this size. Once the size changes, a second graph is traced
    for all sizes. All parameters are updated together, with the state of the user's optimiser. Ordinary and compiled
    steps may alternate. See ``CompiledFunction`` for what a signature is, which values are read at every step, and the
    checks that detect other changes. If a pair cannot be traced, one warning gives the reason, and its steps are
    ordinary ones.

    If a check fails, a warning names the steps that may have been wrong, and they are undone: parameters, optimiser
    state and buffers are restored to those of the last good check. Random numbers and learning rates are not restored.

    Any objective whose ``loss_and_grads`` calls ``backward`` is compiled, such as ``RenyiELBO`` and
    ``TraceGraph_ELBO``. A decaying-average baseline of the latter writes to Pyro's store and therefore runs uncompiled.
    With ``pyro.settings.set(module_local_params=True)``, ``SVI.step`` fails for modules with local parameters;
    ``CompiledSVI`` trains them too. In that case, call the optimiser's ``get_state`` right after a step.

    Pyro's validation runs only where Python code runs: at the first step and at every check. The same holds for other
    effects of a model, such as writing to a file. Checks and trial runs leave Python objects unchanged, see
    ``CompiledFunction``.

    Steps of several threads take turns, because all threads share Pyro's handlers, its store and torch's random
    numbers. A check may fail if another thread draws random numbers during it. Tracing has no other effect on other
    threads.

    Args:
        model, guide, optim, loss: as for ``pyro.infer.SVI``.
        backend: ``"auto"`` replays the operations of the graph, and compiles it after 5,000 steps; ``"replay"``,
            ``"inductor"`` and ``"cuda_graph"`` as for ``CompiledFunction``; ``"off"`` is ordinary ``SVI``.

    Attributes:
        undone: a tuple (first, last) for every series of steps that was undone; steps are counted from 1.
        companions: objects with ``state_dict`` and ``load_state_dict`` that are restored together with the parameters,
            such as an average of them. ``state_dict`` has to return copies. ``load_state_dict`` is called with None if
            the undone steps began before the object was added.

    Raises:
        ValueError: if there is no such backend.

    Example::

        svi = CompiledSVI(m.model, m.guide, Adam({"lr": 3e-4}), TraceEnum_ELBO(max_plate_nesting=1))
        for x in batches:
            svi.step(x)
        svi.explain()
    """

    def __init__(
        self,
        model: Callable[..., Any],
        guide: Callable[..., Any],
        optim: PyroOptim,
        loss: ELBO | Callable[..., Any],
        backend: str = "auto",
    ) -> None:
        super().__init__(model, guide, optim, loss)
        self._objective, self.backend = loss, backend
        self.undone: list[tuple[int, int]] = []
        self.companions: list[Any] = []
        self._begin()

    def _begin(self):
        arguments = self._loss_and_gradients, self._plain, self.backend, self._roots
        self._steps = Programs(*arguments, trains=True, snapshots=Snapshots(self))
        self._evaluations = Programs(self._evaluate, self._evaluate, self.backend, self._roots)
        self._evaluations.warned = self._steps.warned
        self._updaters = WeakKeyDictionary()
        self._zeros = {}

    def __getstate__(self):
        """The state without graphs, which belong to their tensors: a copy traces again."""
        own = ("_steps", "_evaluations", "_updaters", "_zeros")
        return {name: value for name, value in vars(self).items() if name not in own}

    def __setstate__(self, state):
        vars(self).update({"undone": [], "companions": []} | state)
        self._begin()

    def step(self, *args: Any, **kwargs: Any) -> float:
        """Take a gradient step. Returns the loss as a float."""
        with one_at_a_time:
            loss = self._step(args, kwargs)
        if isinstance(loss, torch.Tensor):
            loss = loss.item()
            warn_if_nan(loss, "loss")
        return loss

    def step_async(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Take a gradient step. Returns the loss as a 0-d tensor, without waiting for the device."""
        with one_at_a_time:
            return _as_tensor(self._step(args, kwargs))

    def evaluate_loss(self, *args: Any, **kwargs: Any) -> float:
        """The loss as a float, without a step."""
        with one_at_a_time, torch.no_grad():
            program, inputs = self._evaluations.find(args, kwargs)
            if program is None:
                return self._evaluations.run_uncompiled(args, kwargs, super().evaluate_loss)
            loss = program(inputs)[0].item()
            warn_if_nan(loss, "loss")
            return loss

    def check(self) -> None:
        """Check every program that has run since its last check, on its last batch. Call it before saving a result."""
        self._steps.check()

    def explain(self) -> list[dict[str, Any]]:
        """A dict per input signature: ``method``, ``signature``, ``backend``, ``calls``, ``seconds``, ``reason``.

        ``seconds`` is the time to build it; ``reason`` says why the backend is not the requested one.
        """
        rows = [("step", row) for row in self._steps.explain()]
        rows += [("evaluate_loss", row) for row in self._evaluations.explain()]
        return [{"method": method} | row for method, row in rows]

    def state_dict(self) -> dict[str, Any]:
        """The backend and the number of calls of every input signature, as plain values.

        Save parameters and optimiser state with Pyro: ``pyro.get_param_store()``, ``optim.get_state()``.
        """
        return {"step": self._steps.state_dict(), "evaluate_loss": self._evaluations.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state: programs of known signatures are built before their first step."""
        self._steps.load_state_dict(state["step"])
        self._evaluations.load_state_dict(state["evaluate_loss"])

    def _step(self, args, kwargs):
        program, inputs = self._steps.find(args, kwargs)
        if program is None:
            return self._steps.run_uncompiled(args, kwargs, self._plain_step)
        loss, *gradients = program(inputs)
        updater = self._updaters.get(program)
        if updater is None or updater.optim is not self.optim:
            names = program.nest([None, *gradients])["gradients"]
            self._name(program.parameters)
            updater = Updater(self.optim, [program.parameters[name] for name in names])
            self._updaters[program] = updater
        updater.step(self._gather(updater.parameters, gradients))
        return loss.clone() if program.backend == "cuda_graph" else loss

    def _roots(self):
        own = [f for f in (self.loss, self.loss_and_grads) if getattr(f, "__self__", None) is not self._objective]
        return self.model, self.guide, self._objective, *own

    def _loss_and_gradients(self, *args, **kwargs):
        """The loss and its gradient by parameter. This is traced; it leaves no gradients on the parameters."""
        with torch.enable_grad(), ParameterSites() as seen, _Collected() as collected:
            loss = self.loss_and_grads(self.model, self.guide, *args, **kwargs)
            gradients = collected.gradients(list(seen.parameters.values()))
        return {"loss": _as_tensor(loss).detach(), "gradients": dict(zip(seen.parameters, gradients, strict=True))}

    def _plain(self, *args, **kwargs):
        """The same by ``backward``, which leaves gradients on the parameters; they are collected and removed."""
        held = {parameter: parameter.grad for parameter in self._steps.trainable()}
        for parameter in held:
            parameter.grad = None
        try:
            with ParameterSites() as seen:
                loss = self.loss_and_grads(self.model, self.guide, *args, **kwargs)
            gradients = {name: parameter.grad for name, parameter in seen.parameters.items()}
        finally:
            for parameter in (*seen.parameters.values(), *held):
                parameter.grad = held.get(parameter)
        return {"loss": _as_tensor(loss).detach(), "gradients": gradients}

    def _plain_step(self, *args, **kwargs):
        """``SVI.step``, also for modules with local parameters, which ``SVI.step`` does not support."""
        if not pyro.settings.get("module_local_params"):
            return super().step(*args, **kwargs)
        with ParameterSites() as seen:
            loss = self.loss_and_grads(self.model, self.guide, *args, **kwargs)
        self._name(seen.parameters)
        self.optim(list(seen.parameters.values()))
        zero_grads(seen.parameters.values())
        return torch_item(loss)

    def _name(self, parameters):
        """Register names in Pyro's store, where its optimisers look them up; local parameters are not in it."""
        names = pyro.get_param_store()._param_to_name
        for name, parameter in parameters.items():
            names.setdefault(parameter, name)

    def _evaluate(self, *args, **kwargs):
        return _as_tensor(self.loss(self.model, self.guide, *args, **kwargs))

    def _gather(self, parameters, gradients):
        """The gradients plus those already on the parameters, which are set to zero as by ``SVI.step``.

        Zeros left by an earlier step are recognised by their version, without reading them.
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


class _Collected(TorchFunctionMode):
    """Collects the tensors on which ``backward`` is called, to return gradients instead of storing them."""

    def __enter__(self):
        self.total = None
        return super().__enter__()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is not torch.Tensor.backward:
            return function(*args, **(kwargs or {}))
        value, gradient, inputs = _backward_arguments(*args, **(kwargs or {}))
        if inputs is not None:
            raise ValueError("the objective calls backward for some of its inputs")
        value = value if gradient is None else (value * gradient).sum()
        self.total = value if self.total is None else self.total + value
        return None

    def gradients(self, parameters):
        """The gradient of the collected sum for each parameter, or None if it does not depend on it."""
        if self.total is None or not parameters:
            return [None] * len(parameters)
        return torch.autograd.grad(self.total, parameters, allow_unused=True)


def _backward_arguments(value, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    return value, gradient, inputs


def _as_tensor(loss):
    return loss if isinstance(loss, torch.Tensor) else torch.tensor(loss, dtype=torch.float64)
