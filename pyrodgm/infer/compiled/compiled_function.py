"""A function of tensors without gradients, compiled per input signature."""

import torch

from pyrodgm.infer.compiled.programs import Programs
from pyrodgm.infer.compiled.pyro_patches import one_at_a_time


class CompiledFunction:
    """A function of tensors without gradients, as one graph per input signature: bounds, importance weights, samples.

    The first call with a signature runs the function; the second traces it, checks the graph against the function
    with the same random numbers, and from then on the graph runs. A signature is everything that a graph holds
    fixed: dtypes, devices and shapes, but for leading sizes of two or more, which one graph serves; Python values
    among the arguments; the handlers of Pyro in force; and what the function's code reads elsewhere. That is found from
    the bytecode of all code of the user's that the function reaches: globals, closures, defaults; attributes of
    modules, objects, namespaces, classes, callables and imported modules; the entries of lists, tuples, sets, dicts
    and NumPy arrays of up to 4,096 (20,000 in all). It is looked at before every call, and one that is new is another
    signature. Where every call is a new one a warning names what is never the same. Tensors that the function reads
    from elsewhere are read anew at every call, so that a trained, loaded or updated parameter is never stale.

    Not seen are the entries of larger containers, what objects keep outside Python's attributes, what is kept in
    objects that the function makes or finds by other means, and the state of the code of this package, torch, Pyro,
    NumPy and Python themselves. Checks catch it: at calls 2, 4, 8, 16, ... of a signature, and then 100 calls apart, or
    further where that would take more than four tenths of a per cent of the time, but never further than 1,000. A
    warning names what changed and the calls that may have been wrong, and the signature is run plainly from there.

    A run for a trace or a check is undone: random numbers, tensors, attributes, variables, containers, and the state of
    random number generators of NumPy and Python are as before. A function that changes any of these, but for tensors
    in place, or draws from such a generator is run plainly. So is one that reads an iterator, a generator function's
    values or a queue: what a trial run took from it would be lost.

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
        with one_at_a_time, torch.no_grad():
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
