"""``SVI`` without the interpreter: loss, gradients and update of any model/guide pair from one graph."""

from weakref import WeakKeyDictionary

import pyro
import torch
from pyro.infer import SVI
from pyro.infer.util import torch_item, zero_grads
from pyro.util import warn_if_nan
from torch.overrides import TorchFunctionMode

from pyrodgm.infer.compiled.fused_adam import Updater
from pyrodgm.infer.compiled.program import ParameterSites
from pyrodgm.infer.compiled.programs import Programs
from pyrodgm.infer.compiled.pyro_patches import one_at_a_time
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

    Any objective is compiled whose ``loss_and_grads`` calls ``backward``, such as ``RenyiELBO`` and
    ``TraceGraph_ELBO``; a baseline of the latter that is a decaying average writes to Pyro's store and runs plainly.
    Under ``pyro.settings.set(module_local_params=True)`` modules are trained too that have parameters of their own,
    where ``SVI.step`` fails; an optimiser's ``get_state`` is then to be taken right after a step.

    Pyro's validation runs where Python runs: at the first step and at every check. What a model does besides
    computing, such as writing to a file, happens there alone; but checks, and the runs before the graph is there, leave
    no mark on Python objects, as ``CompiledFunction`` says.

    Steps of several threads take turns, for Pyro's handlers and its store are one for all threads, and so are torch's
    random numbers: what another thread draws during a check may make it fail. Nothing else is changed for other
    threads while one traces.

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
        with one_at_a_time:
            loss = self._step(args, kwargs)
        if isinstance(loss, torch.Tensor):
            loss = loss.item()
            warn_if_nan(loss, "loss")
        return loss

    def step_async(self, *args, **kwargs):
        """Take a gradient step. Returns the loss as a 0-d tensor, without waiting for the device."""
        with one_at_a_time:
            return _as_tensor(self._step(args, kwargs))

    def evaluate_loss(self, *args, **kwargs):
        """The loss as a float, without a step."""
        with one_at_a_time, torch.no_grad():
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
            return self._steps.plainly(args, kwargs, self._plain_step)
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
        """The loss and its gradient by parameter: what is traced. Nothing is left on the parameters."""
        with torch.enable_grad(), ParameterSites() as seen, _Collected() as collected:
            loss = self.loss_and_grads(self.model, self.guide, *args, **kwargs)
            gradients = collected.gradients(list(seen.parameters.values()))
        return {"loss": _as_tensor(loss).detach(), "gradients": dict(zip(seen.parameters, gradients, strict=True))}

    def _plain(self, *args, **kwargs):
        """The same by ``backward``, which leaves the gradients on the parameters; they are taken from there."""
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
        """``SVI.step``, and the same for modules with parameters of their own, of which ``SVI.step`` knows nothing."""
        if not pyro.settings.get("module_local_params"):
            return super().step(*args, **kwargs)
        with ParameterSites() as seen:
            loss = self.loss_and_grads(self.model, self.guide, *args, **kwargs)
        self._name(seen.parameters)
        self.optim(list(seen.parameters.values()))
        zero_grads(seen.parameters.values())
        return torch_item(loss)

    def _name(self, parameters):
        """Pyro's optimisers ask the store for the names of parameters; it forgets those of a module's own."""
        names = pyro.get_param_store()._param_to_name
        for name, parameter in parameters.items():
            names.setdefault(parameter, name)

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


class _Collected(TorchFunctionMode):
    """Keeps what ``backward`` is called on, for gradients that are returned and not left on the parameters."""

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
        """The gradient of all that was kept by each parameter, None where it does not depend on it."""
        if self.total is None or not parameters:
            return [None] * len(parameters)
        return torch.autograd.grad(self.total, parameters, allow_unused=True)


def _backward_arguments(value, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    return value, gradient, inputs


def _as_tensor(loss):
    return loss if isinstance(loss, torch.Tensor) else torch.tensor(loss, dtype=torch.float64)
