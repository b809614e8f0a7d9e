"""The programs of one function by input signature: when they are traced, checked, run and dropped."""

import hashlib
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyro
import torch
from torch.utils import _pytree as pytree

from pyrodgm.checks import check_choice
from pyrodgm.infer.compiled.compare import copied, difference
from pyrodgm.infer.compiled.graph import trace
from pyrodgm.infer.compiled.guards import Guards, random_states
from pyrodgm.infer.compiled.program import ParameterSites, Program, is_hooked
from pyrodgm.infer.compiled.pyro_patches import quiet
from pyrodgm.infer.compiled.signature import describe, is_observed, join, split, surroundings
from pyrodgm.infer.compiled.snapshots import Snapshots

BACKENDS = ("auto", "inductor", "replay", "cuda_graph", "off")
COMPILE_AFTER = 5000  # calls of a signature after which 10 to 40 s of compiling pay off at 5 to 10 ms saved per call
MOST_GRAPHS = 16  # graphs of a signature; one that needs more runs uncompiled
MOST_SIGNATURES = 256  # signatures of a function; one that has more runs uncompiled
MOST_ONCE = 8  # signatures of a function that were seen only once, before it warns that something always changes
CHECK_EVERY = 100  # calls of a signature, at least
CHECK_AT_LEAST_EVERY = 1000  # calls of a signature, at most; in between, checks take
SHARE = 0.004  # of the time at most
MOVED = (1e-4, 1e-2, 1e-1)  # relative distances of nearby parameters where a loss or gradients are compared again


@dataclass
class Slot:
    """The state of one input signature. ``symbolic`` says whether its batch sizes have been seen to change."""

    backend: str
    calls: int = 0
    seconds: float = 0.0
    reason: str = ""
    symbolic: bool = False
    programs: list[Program] = field(default_factory=list)


class Expected(NamedTuple):
    """The result of a plain (uncompiled) run, and its side effects."""

    value: object
    states: list[torch.Tensor]
    written: list[torch.Tensor]
    effect: str
    new_parameters: set[str]


class Programs:
    """The programs of one function by input signature; decides when to build, check and drop them.

    Args:
        function: the function that is traced.
        eager: the function that it has to agree with, for the same arguments and random numbers.
        backend: see ``CompiledFunction``.
        roots: a function that returns the callables and objects that the function uses. Everything that can be reached
            from them is watched and is part of every signature.
        trains: whether the function returns the gradients of Pyro's parameters.
        snapshots: snapshots to restore after a failed check, see ``Snapshots``; or None.

    Attributes:
        calls: number of calls so far, of all signatures.
        coming: number of the current call, or of the next one between calls.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        eager: Callable[..., Any],
        backend: str,
        roots: Callable[[], Sequence[Any]],
        trains: bool = False,
        snapshots: Snapshots | None = None,
    ) -> None:
        check_choice("backend", backend, BACKENDS)
        self.function, self.eager, self.backend, self.roots, self.trains = function, eager, backend, roots, trains
        self.guards, self.snapshots, self.calls = Guards(roots), snapshots, 0
        self.slots: dict[Any, Slot] = {}
        self.resumed: dict[str, Any] = {}
        self.reason = ""
        self.warned: list[str] = []

    def find(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Program | None, list[torch.Tensor]]:
        """The program for a call, or None if ``run_uncompiled`` has to run it; and the tensors among the arguments."""
        self.calls += 1
        self.coming = self.calls
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
        inputs = [tensor.contiguous() for tensor in inputs]
        long = self.backend == "auto" and slot.backend == "replay" and slot.calls > COMPILE_AFTER and not slot.reason
        program = next((program for program in slot.programs if program.accepts(inputs)), None)
        long = long and program is not None and program.graph.gains_by_compiling
        if program is None:
            slot.symbolic |= bool(slot.programs)
            program = self._build(slot, args, kwargs, inputs)
        elif not program.holds():
            slot.programs.remove(program)
            return None, inputs  # as for a new signature: a plain run creates what is new
        elif slot.calls >= program.next_check or long:
            program = self._checked(slot, program, args, kwargs, inputs)
            if program is not None and long:
                slot.backend = "cuda_graph" if any(tensor.is_cuda for tensor in inputs) else "inductor"
                slot.programs.clear()
                program = self._build(slot, args, kwargs, inputs)
        if program is not None:
            program.last, program.given = self.calls, (args, kwargs)
        return program, inputs

    def check(self) -> None:
        """Check every program that has run since its last check, on the arguments of its last run.

        A program is left out if these arguments now have another signature, because its surroundings have changed.
        """
        self.coming = self.calls + 1
        for key, slot in list(self.slots.items()):
            for program in [program for program in slot.programs if program.last > program.checked]:
                args, kwargs = program.given
                now, inputs = self._key(args, kwargs)
                if program in slot.programs and now == key and program.holds():
                    self._checked(slot, program, args, kwargs, [tensor.contiguous() for tensor in inputs])

    def run_uncompiled(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], run: Callable[..., Any] | None = None
    ) -> Any:
        """Run a call uncompiled, and record its signature."""
        if self.backend == "off" or self.reason or is_observed():
            return (run or self.eager)(*args, **kwargs)
        with self.guards.watched():
            result = (run or self.eager)(*args, **kwargs)
        key, _ = self._key(args, kwargs)
        if key not in self.slots:
            once = [other for other, slot in self.slots.items() if slot.calls == 1]
            if len(self.slots) >= MOST_SIGNATURES:
                self._stop(f"{MOST_SIGNATURES} input signatures were seen: {_changing(once, key)} is never the same")
                return result
            if len(once) >= MOST_ONCE:
                self._warn(
                    f"{len(once) + 1} input signatures were seen once each: {_changing(once, key)} is never the same; "
                    "such calls run uncompiled"
                )
            self.slots[key] = Slot("replay" if self.backend == "auto" else self.backend, calls=1)
        return result

    def trainable(self) -> list[torch.Tensor]:
        """Every parameter that a call may train: those of Pyro's store and of the modules."""
        own = [part for module in self.guards.modules for part in module._parameters.values() if part is not None]
        return [*pyro.get_param_store()._params.values(), *own]

    def explain(self) -> list[dict[str, Any]]:
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

    def state_dict(self) -> dict[str, Any]:
        """The number of calls, and backend and calls of every signature by its digest, as plain values."""
        slots = {_digest(key): [slot.backend, slot.calls, slot.reason] for key, slot in self.slots.items()}
        return {"calls": self.calls} | slots

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state: the program of a known signature is built before its first call."""
        self.slots.clear()
        self.resumed = dict(state)
        self.calls = self.resumed.pop("calls", 0)
        if self.snapshots is not None:
            self.snapshots.clear()

    def _key(self, args, kwargs):
        inputs = []
        given = split((args, kwargs), inputs)
        return (given, self.guards.state(), surroundings() + self.guards.frozen_parameters()), inputs

    def _resume(self, args, kwargs):
        """The slot of a signature that is in a loaded state. A run that is undone finds out what the function uses.

        None if that run creates something lazily. A plain run then comes first, as for a new signature.
        """
        if not self.resumed:
            return None
        before = self.guards.structure()
        if self.guards.irreversible((args, kwargs)):
            return None
        try:
            with self.guards.undone(keep_parameters=True, given=(args, kwargs)), self.guards.watched():
                self.function(*args, **kwargs)
                settled = self.guards.structure() == before
        except Exception:
            return None  # the plain run will raise it
        key, _ = self._key(args, kwargs)
        if not settled or _digest(key) not in self.resumed:
            return None
        backend, calls, *_, reason = self.resumed.pop(_digest(key))
        self.slots[key] = Slot(backend, calls, reason=reason)
        return self.slots[key]

    def _build(self, slot, args, kwargs, inputs):
        """Trace, build and check a program; try simpler backends if that fails, and return None if all fail."""
        start = time.monotonic()
        program = self._first_that_works(slot, args, kwargs, inputs)
        slot.seconds += time.monotonic() - start
        if program is not None:
            slot.programs.append(program)
            self._passed(slot, program)
        return program

    def _first_that_works(self, slot, args, kwargs, inputs):
        if len(slot.programs) == MOST_GRAPHS:
            slot.reason = f"{MOST_GRAPHS} graphs were traced for it, and its sizes need yet another"
            return self._warn(f"{slot.reason}; it runs uncompiled")
        if self.trains and any(map(is_hooked, self.trainable())):
            return self._fall_back(slot, "a parameter has a hook on its gradient")
        reason = self.guards.irreversible((args, kwargs))
        if reason:
            return self._fall_back(slot, reason)
        expected = self._expected(None, args, kwargs)  # errors in the data go to the caller, as in a plain run
        if expected.new_parameters:
            return None  # a plain run creates them first
        if expected.effect:
            return self._stop(expected.effect)
        try:
            symbolic = slot.symbolic or slot.backend != "replay"  # compiling once more would take longer than tracing
            graph, parameters = self._trace(args, kwargs, inputs, symbolic)
        except Exception as error:
            return self._fall_back(slot, f"it cannot be traced: {_first_line(error)}")
        reason = self._unfit(graph, parameters)
        if reason:
            return self._fall_back(slot, reason)
        expected = self._expected(graph, args, kwargs)
        while slot.backend != "off":
            backend = slot.backend
            try:
                with quiet():
                    program = Program(graph, self.guards, parameters, backend)
                    reason = self._disagreement(program, args, kwargs, inputs, expected)
            except Exception as error:
                reason = f"{backend} failed: {_first_line(error)}"
            if not reason:
                return program
            self._fall_back(slot, reason, after=backend)
        return None

    def _trace(self, args, kwargs, inputs, symbolic):
        tensors = []
        split((args, kwargs), tensors)

        def function(*tensors):
            inner_args, inner_kwargs = join((args, kwargs), iter(tensors))
            return self.function(*inner_args, **inner_kwargs)

        if any(tensor.requires_grad for tensor in tensors):
            raise ValueError("an argument requires gradients")
        with quiet(), self.guards.undone(given=(args, kwargs)), ParameterSites() as seen:
            graph = trace(function, inputs, symbolic)
        return graph, seen.parameters

    def _unfit(self, graph, parameters):
        """The reason why a graph cannot replace a plain run; empty if it can."""
        if graph.writes_arguments:
            return "it writes to an argument"
        if not self.trains:
            return ""
        for tensor in graph.captured:
            if tensor.requires_grad and not any(tensor is parameter for parameter in parameters.values()):
                return f"a tensor of shape {tuple(tensor.shape)} requires gradients and is not a Pyro parameter"
        return ""

    def _checked(self, slot, program, args, kwargs, inputs):
        """The program if it agrees with a plain run; else undo calls that may be wrong and return the replacement."""
        reason = self.guards.irreversible((args, kwargs))
        if reason:
            return self._fall_back(slot, reason)
        start = time.perf_counter()
        expected = self._expected(program.graph, args, kwargs)
        reason = expected.effect or self._disagreement(program, args, kwargs, inputs, expected)
        if not reason:
            program.check_seconds = time.perf_counter() - start
            self._passed(slot, program)
            return program
        lost = self._put_back(program)
        if expected.effect:
            return self._stop(expected.effect, lost)
        changed = self._change(program, args, kwargs, inputs)
        if changed:
            return self._fall_back(slot, changed, lost=lost)
        self._fall_back(slot, reason, after=slot.backend, lost=lost)
        return self._build(slot, args, kwargs, inputs) if slot.backend != "off" else None

    def _passed(self, slot, program):
        """Record a passed check, and when the next one is due."""
        program.checked = program.last = self.calls
        program.next_check = min(2 * slot.calls, slot.calls + _interval(program))
        if self.snapshots is not None:
            open_ends = [p.checked for s in self.slots.values() for p in s.programs if p.last > p.checked]
            needed = min(open_ends, default=self.calls) + 1
            self.snapshots.take(self.coming, needed, list(program.parameters.values()), self._written(program.graph))

    def _put_back(self, program):
        """Restore the state of the last good check of a program, if the calls train; returns a text for the warning."""
        for slot in self.slots.values():
            for other in slot.programs:
                other.next_check = 0  # a change that one missed may concern the others
        first, last = program.checked + 1, self.coming - 1
        if self.snapshots is not None:
            first = self.snapshots.go_back(first, last)
            return f"; steps {first} to {last} may have been wrong and are undone"
        return f"; calls {first} to {last} may have been wrong" if first <= last else ""

    def _change(self, program, args, kwargs, inputs):
        """A description of what has changed in the function since it was traced; empty if nothing has."""
        try:
            graph, _ = self._trace(args, kwargs, inputs, program.graph.symbolic)
        except Exception as error:
            return f"it can no longer be traced: {_first_line(error)}"
        return program.graph.difference(graph)

    def _expected(self, graph, args, kwargs):
        """The result and the side effects of a plain run, including tensors that the graph writes to. It is undone."""
        given, held, left = (args, kwargs), [], []
        signature = split(given, held)
        with self.guards.undone(graph.written if graph else (), given=given):
            state, before = self.guards.state(), dict(pyro.get_param_store()._params)
            drawn = self.guards.other_random_states(given)
            value = pytree.tree_map(copied, self.eager(*args, **kwargs))
            changed = state.difference(self.guards.state())
            effect = f"the model sets {changed}" if changed else ""
            if split(given, left) != signature or list(map(id, left)) != list(map(id, held)):
                effect = "the model sets a part of an argument"
            store = dict(pyro.get_param_store()._params)
            if any(store.get(name) is not parameter for name, parameter in before.items()):
                effect = "the model writes to Pyro's parameter store"
            if self.guards.other_random_states(given) != drawn:
                effect = "it draws random numbers outside torch"
            written = [copied(tensor) for tensor in self._written(graph)] if graph else []
            return Expected(value, random_states(), written, effect, store.keys() - before.keys())

    def _disagreement(self, program, args, kwargs, inputs, expected):
        """A description of how program and plain run differ for the same random numbers; empty if they agree.

        A loss near zero is the sum of large terms that cancel, and keeps their rounding; so does the gradient of a bias
        before batch normalisation. A loss or gradients that differ are therefore compared again. They may then
        differ by as much as a plain run changes when its parameters move by their rounding. The gradient of a ReLU
        jumps at zero, where rounding decides the side. They are therefore also compared at nearby parameters, where a
        wrong graph is still wrong.
        """
        reason = ""
        for distance in (0.0, *MOVED):
            with _moved(program.parameters.values(), distance):
                here = self._expected(program.graph, args, kwargs) if distance else expected
                part, difference_here = self._difference(program, inputs, here)
                if part in ("loss", "gradients"):
                    with _moved(program.parameters.values(), program.graph.precision / 10):
                        moved = self._expected(program.graph, args, kwargs).value
                    part, difference_here = self._difference(program, inputs, here, moved)
            reason = reason or difference_here
            if part not in ("loss", "gradients"):
                break
        return reason if part else ""

    def _difference(self, program, inputs, expected, moved=None):
        """The part that differs, and a description of the difference."""
        with self.guards.undone(program.graph.written, detect=False):
            found = pytree.tree_map(copied, program.nest(program(inputs)))
            states = random_states()
            written = [copied(tensor) for tensor in self._written(program.graph)]
        if not all(map(torch.equal, states, expected.states)):
            return "random numbers", "the graph draws other random numbers"
        precision = program.graph.precision
        part, reason = difference(found, expected.value, precision, moved)
        if part:
            return part, reason
        return difference({"written tensors": written}, {"written tensors": expected.written}, 100 * precision)

    def _written(self, graph):
        return [*graph.written, *self.guards.buffers()]

    def _fall_back(self, slot, reason, after=None, lost=""):
        """Change to the next simpler backend, or to plain runs, with one warning; returns None."""
        slot.backend = {"cuda_graph": "inductor", "inductor": "replay"}.get(after, "off")
        slot.reason = reason
        slot.programs.clear()
        instead = "runs uncompiled" if slot.backend == "off" else f"uses the backend {slot.backend!r}"
        self._warn(f"{reason}; it {instead} (see explain())", lost)

    def _stop(self, reason, lost=""):
        """Run all signatures uncompiled from now on; returns None."""
        self.reason = reason
        self._warn(f"{reason}; it runs uncompiled", lost)

    def _warn(self, message, lost=""):
        """Warn the first time, and whenever calls may have been wrong."""
        if lost or not self.warned:
            self.warned.append(message)
            warnings.warn(f"compiling {_name(self.function)}: {message}{lost}", stacklevel=2)


@contextmanager
def _moved(parameters, distance):
    """A context in which parameters are changed by random fractions of their size, ``distance`` on average."""
    generator, kept = torch.Generator().manual_seed(0), [(p, p.detach().clone()) for p in parameters]
    with torch.no_grad():
        for parameter, value in kept:
            noise = torch.randn(value.shape, generator=generator, device="cpu").to(value)
            parameter.addcmul_(value, noise, value=distance)
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, value in kept:
                parameter.copy_(value)


def _interval(program):
    """The number of calls until the next check."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return CHECK_AT_LEAST_EVERY  # the same in all processes, whose timings differ
    calls = program.check_seconds / (SHARE * program.seconds)
    return int(min(max(calls, CHECK_EVERY), CHECK_AT_LEAST_EVERY))


def _changing(before, key):
    """A description of what differs between a signature and the last of some others."""
    (_, args, kwargs), state, _ = key
    (_, old_args, old_kwargs), old_state, _ = before[-1] if before else key
    if len(args) != len(old_args) or kwargs[0:1] != old_kwargs[0:1] or len(kwargs) != len(old_kwargs):
        return "the number of arguments"
    for i, (new, old) in enumerate(zip(args[1:], old_args[1:], strict=True), 1):
        if new != old:
            return f"argument {i}"
    for (name, new), (_, old) in zip(kwargs[1:], old_kwargs[1:], strict=True):
        if new != old:
            return f"the argument {name!r}"
    return old_state.difference(state) or "a handler or setting"


def _digest(key):
    return hashlib.sha256(repr(key).encode()).hexdigest()


def _name(function):
    return getattr(function, "__qualname__", type(function).__qualname__)


def _first_line(error):
    while error.__cause__ is not None and len(str(error).strip("; ")) == 0:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"
