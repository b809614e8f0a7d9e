"""A function compiled per input signature: seen, traced, checked, run, and checked again."""

import hashlib
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import pyro
import torch
from torch.utils import _pytree as pytree

from pyrodgm.checks import check_choice
from pyrodgm.infer.compiled import backends
from pyrodgm.infer.compiled.graph import trace
from pyrodgm.infer.compiled.signature import describe, frozen, is_observed, join, split, surroundings
from pyrodgm.infer.compiled.world import World, random_states

BACKENDS = ("auto", "inductor", "replay", "cuda_graph", "off")
COMPILE_AFTER = 5000  # calls of one signature that repay 10 to 40 s of compiling at 5 to 10 ms saved a call
MOST_GRAPHS = 16  # of one signature, and
MOST_SIGNATURES = 256  # of one function, before it is run plainly: its calls are never the same


class Program:
    """A graph, what it was traced from, and what runs it."""

    def __init__(self, graph, world, parameters, backend):
        self.graph, self.world, self.parameters, self.backend = graph, world, parameters, backend
        self.structure = world.structure()
        self.tensors = [_properties(tensor) for tensor in graph.captured]
        self.accepted = {}
        self.run = backends.BACKENDS[backend](graph)

    def accepts(self, inputs):
        """Whether the graph holds for the sizes of these inputs."""
        sizes = tuple([tensor.shape[:1] for tensor in inputs])
        if sizes not in self.accepted:
            self.accepted[sizes] = self.graph.accepts(inputs)
        return self.accepted[sizes]

    def holds(self):
        """Whether every module, parameter and tensor that was read is still the same object, of the same kind."""
        store = pyro.get_param_store()._params
        return (
            all(store.get(name) is held for name, held in self.parameters.items())
            and [_properties(tensor) for tensor in self.graph.captured] == self.tensors
            and self.world.structure() == self.structure
        )

    def __call__(self, inputs):
        """The graph's outputs as a list; ``graph.output`` is their structure."""
        with torch.no_grad():
            return self.run(*inputs, *self.graph.captured)

    def nest(self, outputs):
        """The outputs as the function returns them."""
        return pytree.tree_unflatten(outputs, self.graph.output)


def _properties(tensor):
    return tensor.dtype, tensor.device, tensor.shape, tensor.stride(), tensor.requires_grad, _is_hooked(tensor)


def _is_hooked(tensor):
    return bool(tensor._backward_hooks or tensor._post_accumulate_grad_hooks)


@dataclass
class Slot:
    """What is known of one input signature."""

    backend: str
    calls: int = 0
    next_check: int = 2
    seconds: float = 0.0
    reason: str = ""
    programs: list = field(default_factory=list)


class Expected(NamedTuple):
    """What a plain run returned, and what it left behind."""

    value: object
    states: tuple
    written: list
    effect: str
    new_parameters: set


class CompiledFunction:
    """A function of tensors without gradients, as one graph per input signature: bounds, importance weights, samples.

    The first call with a signature runs the function; the second traces it, checks the graph against the function
    with the same random numbers, and from then on the graph runs. A signature is everything that a graph holds
    fixed: dtypes, devices and shapes, but for leading sizes of two or more, which one graph serves; Python values
    among the arguments; the handlers of Pyro in force; the training flag and the other plain attributes of every
    module. Tensors that the function reads from elsewhere are read anew at every call, so that a trained, loaded or
    updated parameter is never stale. Python values that it reads from elsewhere cannot be seen; they are caught by
    checks at calls 2, 4, 8, 16, ..., with a warning that names them, and the function is run plainly from there.

    Args:
        function: returns a tensor, or a nest of tensors.
        backend: ``"replay"`` runs the graph's operations one by one; ``"inductor"`` compiles them (10 to 40 s);
            ``"cuda_graph"`` captures the compiled code on a GPU; ``"auto"`` replays, and compiles a signature after
            5,000 calls; ``"off"`` runs the function.

    Raises:
        ValueError: if there is no such backend.

    Example::

        log_weights = CompiledFunction(lambda x: log_p(x, m) - log_q(x, m))
        for x in batches:
            log_weights(x)
    """

    def __init__(self, function, backend="auto"):
        self._programs = Programs(function, function, backend, lambda: (function,))

    def __call__(self, *args, **kwargs):
        with torch.no_grad():
            program, inputs = self._programs.find(args, kwargs)
            if program is not None:
                outputs = program(inputs)
                if program.backend == "cuda_graph":  # the next launch writes to the same tensors
                    outputs = [None if output is None else output.clone() for output in outputs]
                return program.nest(outputs)
            return self._programs.plainly(args, kwargs)

    def explain(self):
        """A dict per input signature: ``signature``, ``backend``, ``calls``, ``seconds`` of building, ``reason``."""
        return self._programs.explain()


class Programs:
    """The programs of one function by input signature, and when to build, check and leave them.

    Args:
        function: what is traced.
        eager: what it has to agree with, on the same arguments and the same random numbers.
        backend: see ``CompiledFunction``.
        roots: returns the callables and objects that the function is made of. Their values are part of every
            signature, and what they reach is watched.
        trains: the function returns the gradients of Pyro's parameters.
    """

    def __init__(self, function, eager, backend, roots, trains=False):
        check_choice("backend", backend, BACKENDS)
        self.function, self.eager, self.backend, self.roots, self.trains = function, eager, backend, roots, trains
        self.world = World(*roots())
        self.slots, self.resumed, self.reason, self.warned = {}, {}, "", []

    def find(self, args, kwargs):
        """The program for a call, or None if it is to be run by ``plainly``; and the tensors among the arguments."""
        if self.backend == "off" or self.reason or is_observed():
            return None, []
        key, inputs = self._key(args, kwargs)
        slot = self.slots.get(key)
        if slot is None:
            slot = self._resume(args, kwargs)
        if slot is None:
            return None, inputs
        slot.calls += 1
        if slot.reason and slot.backend == "off":
            return None, inputs
        if self.backend == "auto" and slot.backend == "replay" and slot.calls > COMPILE_AFTER and not slot.reason:
            slot.backend = "cuda_graph" if any(tensor.is_cuda for tensor in inputs) else "inductor"
            slot.programs.clear()
        inputs = [tensor.contiguous() for tensor in inputs]
        program = next((program for program in slot.programs if program.accepts(inputs)), None)
        if program is None:
            program = self._build(slot, args, kwargs, inputs)
        elif not program.holds():
            slot.programs.remove(program)
            return None, inputs  # as at first sight: whatever is new is created by a plain run
        elif slot.calls >= slot.next_check:
            slot.next_check *= 2
            program = self._checked(slot, program, args, kwargs, inputs)
        return program, inputs

    def plainly(self, args, kwargs, run=None):
        """Run a call without a program, and note that its signature has been seen."""
        if self.backend == "off" or self.reason or is_observed():
            return (run or self.eager)(*args, **kwargs)
        with self.world.watched():
            result = (run or self.eager)(*args, **kwargs)
        for root in self.roots():
            self.world.follow(root)
        key, _ = self._key(args, kwargs)
        if key not in self.slots and len(self.slots) >= MOST_SIGNATURES:
            changing = "an argument, an attribute or a variable is never the same"
            self._stop(f"{MOST_SIGNATURES} input signatures were seen: {changing}")
        else:
            self.slots.setdefault(key, Slot("replay" if self.backend == "auto" else self.backend, calls=1))
        return result

    def explain(self):
        return [
            {
                "signature": describe(key[0]),
                "backend": "off" if self.reason else slot.backend,
                "calls": slot.calls,
                "seconds": slot.seconds,
                "reason": self.reason or slot.reason,
            }
            for key, slot in self.slots.items()
        ]

    def state_dict(self):
        """Backend, calls and next check of every signature: plain values."""
        return {
            _digest(key): [slot.backend, slot.calls, slot.next_check, slot.reason] for key, slot in self.slots.items()
        }

    def load_state_dict(self, state):
        """Continue as the ``Programs`` of that state would: a signature's program is built before its first call."""
        self.slots.clear()
        self.resumed = dict(state)

    def _key(self, args, kwargs):
        inputs = []
        given = split((args, kwargs), inputs)
        return (given, self.world.attributes(), frozen(self.roots()), surroundings()), inputs

    def _resume(self, args, kwargs):
        """The slot of a signature that a loaded state knows; what it uses is found by a run without effect.

        None where that run makes something lazily: then a plain one comes first, as at any first sight.
        """
        if not self.resumed:
            return None
        before = self.world.structure()
        try:
            with self.world.undone(keep_parameters=True), self.world.watched():
                self.function(*args, **kwargs)
                settled = self.world.structure() == before
        except Exception:
            return None  # the plain run will tell
        key, _ = self._key(args, kwargs)
        if not settled or _digest(key) not in self.resumed:
            return None
        backend, calls, next_check, reason = self.resumed.pop(_digest(key))
        self.slots[key] = Slot(backend, calls, next_check, reason=reason)
        return self.slots[key]

    def _build(self, slot, args, kwargs, inputs):
        """Trace, build and check a program; the next simpler backend where that fails, and None in the end."""
        start = time.monotonic()
        program = self._first_that_works(slot, args, kwargs, inputs)
        slot.seconds += time.monotonic() - start
        slot.next_check = max(slot.next_check, 2 * slot.calls)
        if program is not None:
            slot.programs.append(program)
        return program

    def _first_that_works(self, slot, args, kwargs, inputs):
        if len(slot.programs) == MOST_GRAPHS:
            slot.reason = f"{MOST_GRAPHS} graphs were traced for it, and its sizes need yet another"
            return self._warn(f"{slot.reason}; it runs as it is written")
        if self.trains and any(map(_is_hooked, pyro.get_param_store()._params.values())):
            return self._fall_back(slot, "a parameter has a hook on its gradient")
        try:
            graph, parameters = self._trace(args, kwargs, inputs)
        except Exception as error:
            return self._fall_back(slot, f"it cannot be traced: {_first_line(error)}")
        reason = self._unfit(graph, parameters)
        if reason:
            return self._fall_back(slot, reason)
        expected = self._expected(graph, args, kwargs)  # an error in the data is the caller's, as in a plain run
        if expected.new_parameters:
            return None  # created by a plain run first
        if expected.effect:
            return self._stop(expected.effect)
        while slot.backend != "off":
            backend = slot.backend
            try:
                with _quiet():
                    program = Program(graph, self.world, parameters, backend)
                    reason = self._disagreement(program, inputs, expected)
            except Exception as error:
                reason = f"{backend} failed: {_first_line(error)}"
            if not reason:
                return program
            self._fall_back(slot, reason, after=backend)
        return None

    def _trace(self, args, kwargs, inputs):
        tensors = []
        split((args, kwargs), tensors)

        def function(*tensors):
            inner_args, inner_kwargs = join((args, kwargs), iter(tensors))
            return self.function(*inner_args, **inner_kwargs)

        if any(tensor.requires_grad for tensor in tensors):
            raise ValueError("an argument requires gradients")
        with _quiet(), self.world.undone(), pyro.poutine.trace(param_only=True) as seen:
            graph = trace(function, inputs)
        return graph, {name: site["value"].unconstrained() for name, site in seen.trace.nodes.items()}

    def _unfit(self, graph, parameters):
        """Why a graph would not do what a plain run does, in words; empty if it would."""
        if graph.writes_arguments:
            return "it writes to an argument"
        if not self.trains:
            return ""
        for tensor in graph.captured:
            if tensor.requires_grad and not any(tensor is parameter for parameter in parameters.values()):
                return f"a tensor of shape {tuple(tensor.shape)} requires gradients and is no parameter of Pyro's"
        return ""

    def _checked(self, slot, program, args, kwargs, inputs):
        expected = self._expected(program.graph, args, kwargs)
        if expected.effect:
            return self._stop(expected.effect)
        reason = self._disagreement(program, inputs, expected)
        if not reason:
            return program
        changed = self._difference(program, args, kwargs, inputs)
        if changed:
            return self._fall_back(slot, changed)
        self._fall_back(slot, reason, after=slot.backend)
        return self._build(slot, args, kwargs, inputs) if slot.backend != "off" else None

    def _difference(self, program, args, kwargs, inputs):
        """What has changed in the function since it was traced, in words; empty if nothing has."""
        try:
            graph, _ = self._trace(args, kwargs, inputs)
        except Exception as error:
            return f"it can no longer be traced: {_first_line(error)}"
        return program.graph.difference(graph)

    def _expected(self, graph, args, kwargs):
        """What a plain run returns and leaves behind; it is undone."""
        attributes, store = self.world.attributes(), pyro.get_param_store()._params
        before = dict(store)
        with self.world.undone(graph.written):
            value = pytree.tree_map(_copied, self.eager(*args, **kwargs))
            changed = self.world.changed(attributes)
            effect = f"the model sets {changed}" if changed else ""
            if any(store.get(name) is not parameter for name, parameter in before.items()):
                effect = "the model writes to Pyro's parameter store"
            written = [_copied(tensor) for tensor in self._written(graph)]
            return Expected(value, random_states(), written, effect, store.keys() - before.keys())

    def _disagreement(self, program, inputs, expected):
        """Where the program and the plain run differ on the same random numbers, in words; empty if nowhere."""
        with self.world.undone(program.graph.written):
            found = pytree.tree_map(_copied, program.nest(program(inputs)))
            torch_states, other_states = random_states()
            written = [_copied(tensor) for tensor in self._written(program.graph)]
        if other_states != expected.states[1]:
            return "it draws random numbers outside torch"
        if not all(map(torch.equal, torch_states, expected.states[0])):
            return "the graph draws other random numbers"
        precision = program.graph.precision
        reason = _differ(found, expected.value, precision)
        return reason or _differ({"written tensors": written}, {"written tensors": expected.written}, 100 * precision)

    def _written(self, graph):
        return [*graph.written, *self.world.buffers()]

    def _fall_back(self, slot, reason, after=None):
        """Leave a backend for the next simpler one, or for plain runs, with one warning; returns None."""
        slot.backend = {"cuda_graph": "inductor", "inductor": "replay"}.get(after, "off")
        slot.reason = reason
        slot.programs.clear()
        instead = "runs as it is written" if slot.backend == "off" else f"runs by {slot.backend}"
        self._warn(f"{reason}; it {instead} (explain() tells more)")

    def _stop(self, reason):
        """Run plainly from here on, whatever the signature; returns None."""
        self.reason = reason
        self._warn(f"{reason}; it runs as it is written")

    def _warn(self, message):
        if not self.warned:
            self.warned.append(message)
            warnings.warn(f"compiling {_name(self.function)}: {message}", stacklevel=2)


@contextmanager
def _quiet():
    """Tracing and compiling raise warnings of torch that are none of the caller's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _digest(key):
    return hashlib.sha256(repr(key).encode()).hexdigest()


def _name(function):
    return getattr(function, "__qualname__", type(function).__qualname__)


def _first_line(error):
    while error.__cause__ is not None and len(str(error).strip("; ")) == 0:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def _copied(value):
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def _differ(found, expected, precision):
    """The first part of two nests that differs by more than rounding, in words; empty if none does.

    Tensors are compared one by one, relative to their own size, with a floor relative to the largest of their part;
    gradients, sums that may cancel, a hundred times less strictly than values.
    """
    if not isinstance(expected, dict):
        found, expected = {"value": found}, {"value": expected}
    for part, wanted in expected.items():
        (a, spec), (b, other) = pytree.tree_flatten(found[part]), pytree.tree_flatten(wanted)
        if spec != other or [v is None for v in a] != [v is None for v in b]:
            return f"the graph's {part} has other parts"
        pairs = [(x.double(), y.double()) for x, y in zip(a, b, strict=True) if x is not None]
        if any(x.shape != y.shape for x, y in pairs):
            return f"the graph's {part} has other shapes"
        if not all(torch.equal(x.isfinite(), y.isfinite()) for x, y in pairs):
            return f"the graph's {part} is finite elsewhere"
        tolerance = 100 * precision if part == "gradients" else precision
        sizes = [float(y[y.isfinite()].norm()) for _, y in pairs]
        for (x, y), size in zip(pairs, sizes, strict=True):
            error = float((x - y)[y.isfinite()].norm())
            if error > tolerance * size + precision * max(sizes):
                return f"the graph's {part} differs by {error / max(size, 1e-300):.1g} from the plain one"
    return ""
