"""Compiles a function of tensors without gradients, once per input signature."""

from collections.abc import Callable
from typing import Any

import torch

from pyrodgm.infer.compiled.programs import Programs
from pyrodgm.infer.compiled.pyro_patches import one_at_a_time


class CompiledFunction:
    """Compiles a function of tensors without gradients, such as a bound, into one graph per input signature.

    The first call with a signature runs the function. The second call traces it and checks the graph against the
    function with the same random numbers. From then on the graph runs.

    A signature is everything that is constant in a graph: dtypes, devices and shapes (except leading sizes of two or
    more), Python values among the arguments, the active Pyro handlers, which parameters are frozen, and all other
    values that the code of the function reads. The first graph of a signature is only valid for the sizes of its call.
    Once the sizes change, a second graph is traced for all sizes. The values that the code reads are found from the
    bytecode of all user code that the function reaches: globals, closures and defaults; attributes of modules, objects,
    namespaces, classes, callables and imported modules; the entries of lists, tuples, sets, dicts and NumPy arrays of
    up to 4,096 entries (20,000 values in all). Of an object among the arguments, all attributes are compared, and of a
    function, its defaults, its closure and the plain values of its globals. They are compared before every call, and a
    new value is a new signature. If every call has a new signature, a warning names the value that changes. Tensors
    that the function reads from elsewhere are inputs of the graph, so a trained, loaded or updated parameter is never
    stale.

    Some values are not compared: the entries of larger containers, state outside Python attributes, objects that the
    function creates or finds in other ways, and the internal state of this package, torch, Pyro, NumPy and Python.
    Regular checks detect changes of these. They run at calls 2, 4, 8, 16, ... of a signature, and then every 100 calls,
    or less often if they would take more than 0.4 per cent of the time, but at least every 1,000 calls. If a check
    fails, a warning names what changed and the calls that may have been wrong, and the signature runs uncompiled from
    then on.

    A run for a trace or a check is undone: random numbers, tensors, attributes, variables, containers, and the state of
    random number generators of NumPy and Python are restored. A function that changes any of these, except for tensors
    in place, or that draws from such a generator, runs uncompiled. So does a function that reads an iterator, a
    generator or a queue, because the items that a trial run takes would be lost.

    Args:
        function: a function that returns a tensor or nested tensors.
        backend: ``"replay"`` runs the operations of the graph one by one; ``"inductor"`` compiles them (10 to 40 s);
            ``"cuda_graph"`` captures the compiled code on a GPU; ``"auto"`` replays, and compiles a signature after
            5,000 calls; ``"off"`` runs the function.

    Raises:
        ValueError: if there is no such backend.

    Example::

        log_weights = CompiledFunction(lambda x: log_p(x, m) - log_q(x, m))
        for x in batches:
            log_weights(x)
    """

    def __init__(self, function: Callable[..., Any], backend: str = "auto") -> None:
        self._programs = Programs(function, function, backend, lambda: (function,))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with one_at_a_time, torch.no_grad():
            program, inputs = self._programs.find(args, kwargs)
            if program is not None:
                outputs = program(inputs)
                if program.backend == "cuda_graph":  # the next launch overwrites these tensors
                    outputs = [None if output is None else output.clone() for output in outputs]
                return program.nest(outputs)
            return self._programs.run_uncompiled(args, kwargs)

    def explain(self) -> list[dict[str, Any]]:
        """A dict per input signature: ``signature``, ``backend``, ``calls``, ``seconds`` to build, ``reason``."""
        return self._programs.explain()
