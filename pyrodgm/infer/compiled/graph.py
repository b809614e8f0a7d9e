"""A function of tensors as one fixed graph: traced once with symbolic batch sizes, every tensor it met an input."""

from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from pyrodgm.infer.compiled.traceable import traceable
from pyrodgm.infer.compiled.world import Untouched, written

aten = torch.ops.aten


@dataclass
class Graph:
    """What a trace found.

    Attributes:
        module: the graph; it takes the arguments and then ``captured``, and returns a list.
        captured: every tensor that the function met and was not given: parameters, buffers, constants.
        output: the structure of the function's value, for ``tree_unflatten``.
        fakes: the arguments as the trace saw them, with symbolic sizes.
    """

    module: torch.fx.GraphModule
    captured: list
    output: pytree.TreeSpec
    fakes: list

    @property
    def precision(self):
        """By how much, relatively, rounding may make two runs of the graph differ."""
        dtypes = {node.meta["val"].dtype for node in self.module.graph.nodes if hasattr(node.meta.get("val"), "dtype")}
        if torch.bfloat16 in dtypes or torch.float16 in dtypes:
            return 1e-3
        return 1e-5 if torch.float32 in dtypes else 1e-11

    @property
    def written(self):
        """The captured tensors that the graph writes to, such as running statistics."""
        inputs = [node for node in self.module.graph.nodes if node.op == "placeholder"]
        sources = self._written_sources()
        captured = zip(inputs[len(self.fakes) :], self.captured, strict=True)
        return [tensor for node, tensor in captured if node in sources]

    @property
    def writes_arguments(self):
        """Whether the graph writes to an argument."""
        inputs = [node for node in self.module.graph.nodes if node.op == "placeholder"]
        return not self._written_sources().isdisjoint(inputs[: len(self.fakes)])

    def _written_sources(self):
        return {source_of(value) for node in self.module.graph.nodes for value in written_arguments(node)}

    def difference(self, other):
        """The first place where another trace of the same function differs, in words; empty if none does."""
        for ours, theirs in zip(self.module.graph.nodes, other.module.graph.nodes, strict=False):
            if ours.target != theirs.target and ours.op == "call_function":
                return f"the operations changed: {ours.target} was traced, {theirs.target} runs now"
            for before, now in zip(_constants(ours), _constants(theirs), strict=False):
                if before != now:
                    return (
                        f"a Python value that the graph holds fixed, an argument of {ours.target}, was {before} and is "
                        f"{now}; make it a tensor that is updated in place"
                    )
        for before, now in zip(self.captured, other.captured, strict=False):
            if before is not now and not (before.shape == now.shape and torch.equal(before, now)):
                return f"a tensor of shape {tuple(before.shape)} was replaced by another; update it in place"
        if len(self.module.graph.nodes) != len(other.module.graph.nodes):
            return "the operations changed in number"
        return ""

    def accepts(self, inputs):
        """Whether the graph holds for arguments of these sizes: no decision taken while tracing would differ."""
        if not self.fakes:
            return True
        sizes = {}
        for fake, tensor in zip(self.fakes, inputs, strict=True):
            for symbolic, size in zip(fake.shape, tensor.shape, strict=True):
                if isinstance(symbolic, torch.SymInt):
                    sizes[symbolic.node._expr] = size
                elif symbolic != size:
                    return False
        return all(bool(guard.expr.subs(sizes)) for guard in self.fakes[0].fake_mode.shape_env.guards)


def trace(function, inputs):
    """Trace a function of tensors, and of Python values that are baked in.

    Leading sizes of two or more are symbolic, so that one graph serves every batch size of at least two; the
    function's decisions on them are kept and asked again by ``Graph.accepts``. Random draws are recorded, not made:
    the state of the random number generators is as before.

    Some operations of torch have no rule for symbolic sizes; a function with one of them is traced for its sizes as
    they are.

    Args:
        function: returns a nest of tensors and Nones; may call ``torch.autograd.grad``.
        inputs: its arguments, tensors.

    Returns:
        A ``Graph``.
    """
    try:
        return _trace(function, inputs, symbolic=True)
    except Exception:
        return _trace(function, inputs, symbolic=False)


def _trace(function, inputs, symbolic):
    mode = FakeTensorMode(shape_env=ShapeEnv(duck_shape=False), allow_non_fake_inputs=True)
    fakes = [_fake(mode, tensor, symbolic) for tensor in inputs]
    output = None

    def flat(*tensors):
        nonlocal output
        with Untouched(), _NumbersStay():
            result, output = pytree.tree_flatten(function(*tensors))
        return result

    with traceable(), _no_autocast_cache():
        module = make_fx(flat, tracing_mode="symbolic", _allow_non_fake_inputs=True)(*fakes)
    captured = _lift(module)
    _tidy(module)
    return Graph(module, captured, output, fakes)


def _fake(mode, tensor, symbolic):
    sizes = [DimDynamic.STATIC] * tensor.dim()
    if symbolic and tensor.dim() and len(tensor) > 1:
        sizes[0] = DimDynamic.DYNAMIC
    return mode.from_tensor(tensor, symbolic_context=StatelessSymbolicContext(dynamic_sizes=sizes))


_READS = {
    getattr(torch.Tensor, name): name
    for name in ("__float__", "__int__", "__index__", "__bool__", "__complex__", "tolist", "numpy")
}


class _NumbersStay(TorchFunctionMode):
    """Refuses to make a Python value of a tensor: the graph would hold it fixed."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in _READS:
            raise ValueError(f"a tensor is read as a Python value by {_READS[function]}")
        return function(*args, **(kwargs or {}))


@contextmanager
def _no_autocast_cache():
    before = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(before)


def _lift(module):
    """Make an input of every tensor that the graph holds; returns the tensors, each once."""
    graph, captured, inputs = module.graph, [], {}
    last = [node for node in graph.nodes if node.op == "placeholder"][-1:]
    for node in [node for node in graph.nodes if node.op == "get_attr"]:
        tensor = getattr(module, node.target)
        if not isinstance(tensor, torch.Tensor):
            raise ValueError(f"it holds a {type(tensor).__name__}")
        if id(tensor) not in inputs:
            with graph.inserting_after(last[0]) if last else graph.inserting_before(next(iter(graph.nodes))):
                inputs[id(tensor)] = graph.placeholder(f"captured_{len(captured)}")
            last = [inputs[id(tensor)]]
            inputs[id(tensor)].meta["val"] = node.meta.get("val")
            captured.append(tensor)
        node.replace_all_uses_with(inputs[id(tensor)])
        graph.erase_node(node)
    for name in [*module._parameters, *module._buffers]:
        delattr(module, name)
    return captured


def _tidy(module):
    """Drop what does nothing, and read every symbolic size from an argument."""
    graph = module.graph
    sizes = _sizes_of_inputs(graph)
    for node in list(graph.nodes):
        if node.target is aten.detach.default:
            node.replace_all_uses_with(node.args[0])
        elif node.target is aten.t.default and getattr(node.args[0], "target", None) is aten.t.default:
            node.replace_all_uses_with(node.args[0].args[0])
        elif node.target is aten.sym_size.int and _expression(node.meta["val"]) in sizes:
            node.replace_all_uses_with(sizes[_expression(node.meta["val"])])
        elif node.target in _LIKE:
            made = _empty(graph, node, node.meta["val"], sizes, _LIKE[node.target])
            if made is not None:
                node.replace_all_uses_with(made)
                graph.erase_node(node)
        elif node.target is aten.native_dropout.default and node.args[2] and node.args[0].meta["val"].is_cpu:
            _split_dropout(graph, node, sizes)
    graph.eliminate_dead_code(is_impure_node=_acts)
    module.recompile()


_LIKE = {
    aten.empty_like.default: aten.empty.memory_format,
    aten.rand_like.default: aten.rand.default,
    aten.randn_like.default: aten.randn.default,
}


def _empty(graph, before, value, sizes, factory=aten.empty.memory_format):
    """A node that makes a tensor like ``value`` and depends on its shape alone, so that draws can be made first."""
    shape = [sizes.get(_expression(size)) if isinstance(size, torch.SymInt) else size for size in value.shape]
    if not value.is_contiguous() or None in shape:
        return None
    with graph.inserting_before(before):
        made = graph.call_function(factory, (shape,), {"dtype": value.dtype, "device": value.device})
    made.meta["val"] = value
    return made


def _split_dropout(graph, node, sizes):
    """Dropout as a mask that is drawn, and two products."""
    x, probability, _ = node.args
    value, mask_value = node.meta["val"]
    mask = _empty(graph, node, mask_value, sizes)
    if mask is None:
        return
    with graph.inserting_before(node):
        drawn = graph.call_function(aten.bernoulli_.float, (mask, 1 - probability))
        kept = graph.call_function(aten.mul.Tensor, (x, drawn))
        scaled = graph.call_function(aten.mul.Tensor, (kept, 1 / (1 - probability)))
    drawn.meta["val"], kept.meta["val"], scaled.meta["val"] = mask_value, value, value
    for user in list(node.users):
        user.replace_all_uses_with((scaled, drawn)[user.args[1]])
        graph.erase_node(user)
    graph.erase_node(node)


def _sizes_of_inputs(graph):
    """A node for every symbolic size of an argument, in front of the graph."""
    placeholders = [node for node in graph.nodes if node.op == "placeholder"]
    sizes = {}
    first = next(node for node in graph.nodes if node.op != "placeholder")
    for placeholder in placeholders:
        for i, size in enumerate(getattr(placeholder.meta.get("val"), "shape", ())):
            if isinstance(size, torch.SymInt) and _expression(size) not in sizes:
                with graph.inserting_before(first):
                    node = graph.call_function(aten.sym_size.int, (placeholder, i))
                node.meta["val"] = size
                sizes[_expression(size)] = node
    return sizes


def _expression(size):
    return size.node.expr if isinstance(size, torch.SymInt) else size


def _acts(node):
    """Whether a node does more than return a value: writes to an input, or draws."""
    if node.op in ("placeholder", "output"):
        return True
    schema = getattr(node.target, "_schema", None)
    return is_draw(node) or (schema is not None and schema.is_mutable)


def written_arguments(node):
    """The nodes whose values a node changes."""
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return []
    if node.target is aten.native_batch_norm.default:  # its schema does not say so
        return [argument for argument in node.args[3:5] if argument is not None]
    return [value for value in written(schema, node.args, node.kwargs) if isinstance(value, torch.fx.Node)]


def source_of(node):
    """What a node is a view of, or what it wrote to and returned."""
    while node.op == "call_function" and getattr(node.target, "_schema", None) is not None:
        arguments = node.target._schema.arguments
        if not arguments or arguments[0].alias_info is None or not node.all_input_nodes:
            break
        node = node.all_input_nodes[0]
    return node


def _constants(node):
    """The Python values among a node's arguments."""
    return [leaf for leaf in pytree.tree_leaves((node.args, node.kwargs)) if isinstance(leaf, (bool, int, float, str))]


def is_draw(node):
    """Whether a node draws from a random number generator."""
    return torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())
