"""A function compiled per input signature: seen, traced, checked, run, and checked again."""

import hashlib
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyro
import torch
from torch.utils import _pytree as pytree

from pyrodgm.checks import check_choice
from pyrodgm.infer.compiled import backends
from pyrodgm.infer.compiled.graph import trace
from pyrodgm.infer.compiled.signature import describe, frozen, is_observed, join, split, surroundings
from pyrodgm.infer.compiled.world import World, random_state

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
    return tensor.dtype, tensor.device, tensor.shape, tensor.stride(), tensor.requires_grad


@dataclass
class Slot:
    """What is known of one input signature."""

    backend: str
    calls: int = 0
    next_check: int = 2
    seconds: float = 0.0
    reason: str = ""
    programs: list = field(default_factory=list)


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
        self._programs = Programs(function, function, backend, roots=(function,))

    def __call__(self, *args, **kwargs):
        with torch.no_grad():
            program, inputs = self._programs.find(args, kwargs)
            if program is not None:
                return program.nest(program(inputs))
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
        roots: callables and objects where modules are looked for.
        settings: a function without arguments whose value is part of every signature.
    """

    def __init__(self, function, eager, backend, roots=(), settings=lambda: ()):
        check_choice("backend", backend, BACKENDS)
        self.function, self.eager, self.backend, self.settings = function, eager, backend, settings
        self.world = World(*roots)
        self.slots, self.resumed, self.warned = {}, {}, False

    def find(self, args, kwargs):
        """The program for a call, or None if it is to be run by ``plainly``; and the tensors among the arguments."""
        if self.backend == "off" or is_observed():
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
        if slot.programs and not slot.programs[0].holds():
            slot.programs.clear()
            return None, inputs  # as at first sight: whatever is new is created by a plain run
        program = next((program for program in slot.programs if program.accepts(inputs)), None)
        if program is None:
            program = self._build(slot, args, kwargs, inputs)
        elif slot.calls >= slot.next_check:
            slot.next_check *= 2
            program = self._checked(slot, program, args, kwargs, inputs)
        return program, inputs

    def plainly(self, args, kwargs, run=None):
        """Run a call without a program, and note that its signature has been seen."""
        with self.world.watched():
            result = (run or self.eager)(*args, **kwargs)
        if self.backend != "off" and not is_observed():
            if len(self.slots) >= MOST_SIGNATURES:
                changing = "an argument, or a module's attribute, is never the same"
                self._warn(f"{MOST_SIGNATURES} input signatures were seen: {changing}")
            else:
                self._slot(self._key(args, kwargs)[0])
        return result

    def explain(self):
        return [
            {
                "signature": describe(key[0]),
                "backend": slot.backend,
                "calls": slot.calls,
                "seconds": slot.seconds,
                "reason": slot.reason,
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
        return (given, self.world.attributes(), frozen(self.settings()), surroundings()), inputs

    def _slot(self, key):
        first = "replay" if self.backend == "auto" else self.backend
        return self.slots.setdefault(key, Slot(first, calls=1))

    def _resume(self, args, kwargs):
        """The slot of a signature that a loaded state knows: the modules it uses are found by a run without effect."""
        if not self.resumed:
            return None
        with self.world.undone(), self.world.watched():
            self.function(*args, **kwargs)
        key, _ = self._key(args, kwargs)
        if _digest(key) not in self.resumed:
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
        try:
            graph, parameters = self._trace(args, kwargs, inputs)
        except Exception as error:
            return self._fall_back(slot, f"it cannot be traced: {_first_line(error)}")
        expected = self._expected(graph, args, kwargs)  # an error in the data is the caller's, as in a plain run
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

    def _checked(self, slot, program, args, kwargs, inputs):
        reason = self._disagreement(program, inputs, self._expected(program.graph, args, kwargs))
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
        """What the eager function returns, and the random state that it leaves; nothing else remains of the run."""
        with self.world.undone(graph.written):
            return self.eager(*args, **kwargs), random_state()

    def _disagreement(self, program, inputs, expected):
        """Where the program and the eager function differ on the same random numbers, in words; empty if nowhere."""
        value, state = expected
        with self.world.undone(program.graph.written):
            found = program.nest(program(inputs))
            found_state = random_state()
        if not all(map(torch.equal, state, found_state)):
            return "the graph draws other random numbers"
        return _differ(found, value, program.graph.precision)

    def _fall_back(self, slot, reason, after=None):
        """Leave a backend for the next simpler one, or for plain runs, with one warning; returns None."""
        slot.backend = {"cuda_graph": "inductor", "inductor": "replay"}.get(after, "off")
        slot.reason = reason
        slot.programs.clear()
        instead = "runs as it is written" if slot.backend == "off" else f"runs by {slot.backend}"
        self._warn(f"{reason}; it {instead} (explain() tells more)")

    def _warn(self, message):
        if not self.warned:
            self.warned = True
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
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def _differ(found, expected, precision):
    """The first part of two nests that differs by more than rounding, in words; empty if none does."""
    if not isinstance(expected, dict):
        found, expected = {"value": found}, {"value": expected}
    for part, tolerance in zip(expected, (precision, 100 * precision), strict=False):
        (a, spec), (b, other) = pytree.tree_flatten(found[part]), pytree.tree_flatten(expected[part])
        if spec != other or [v is None for v in a] != [v is None for v in b]:
            return f"the graph's {part} has other parts"
        a, b = ([v.double().flatten() for v in values if v is not None] for values in (a, b))
        if [len(v) for v in a] != [len(v) for v in b]:
            return f"the graph's {part} has other shapes"
        if not a:
            continue
        a, b = torch.cat(a), torch.cat(b)
        if not torch.equal(a.isfinite(), b.isfinite()):
            return f"the graph's {part} is finite elsewhere"
        a, b = a[a.isfinite()], b[b.isfinite()]
        error = float((a - b).norm() / b.norm().clamp(min=torch.finfo(torch.float64).tiny))
        if error > tolerance and float((a - b).norm()) > tolerance:
            return f"the graph's {part} differs by {error:.1g} from the plain one"
    return ""
