"""Passes over a new graph: captured tensors become inputs, repeats are merged, and draws depend only on sizes."""

from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node
from torch.utils import _pytree as pytree

from pyrodgm.infer.compiled.nodes import acts, source_of, written_arguments

aten = torch.ops.aten


def lift(module: GraphModule) -> list[torch.Tensor]:
    """Turn every tensor stored in the graph into an input; returns the tensors, each once."""
    graph = module.graph
    captured: list[torch.Tensor] = []
    inputs: dict[int, Node] = {}
    last = [node for node in graph.nodes if node.op == "placeholder"][-1:]
    for node in [node for node in graph.nodes if node.op == "get_attr"]:
        tensor = getattr(module, node.target)
        if not isinstance(tensor, torch.Tensor):
            raise ValueError(f"the graph contains a {type(tensor).__name__}")
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


def simplify(module: GraphModule) -> None:
    """Remove operations without effect and repeated ones, and read every symbolic size from an argument."""
    graph = module.graph
    sizes = _sizes_of_inputs(graph)
    written = {source_of(value) for node in graph.nodes for value in written_arguments(node)}
    for node in list(graph.nodes):
        if node.target is aten.detach.default:
            node.replace_all_uses_with(node.args[0])
        elif node.target is aten.t.default and getattr(node.args[0], "target", None) is aten.t.default:
            node.replace_all_uses_with(node.args[0].args[0])
        elif node.target in _VIEWS and source_of(node) not in written:
            node.target = aten.reshape.default
        elif node.target is aten.sym_size.int and _expression(node.meta["val"]) in sizes:
            node.replace_all_uses_with(sizes[_expression(node.meta["val"])])
        elif node.target in _LIKE:
            made = _empty(graph, node, node.meta["val"], sizes, _LIKE[node.target])
            if made is not None:
                node.replace_all_uses_with(made)
                graph.erase_node(node)
        elif node.target is aten.native_dropout.default and node.args[2] and node.args[0].meta["val"].is_cpu:
            _split_dropout(graph, node, sizes)
    merge(graph, written)
    graph.eliminate_dead_code(is_impure_node=acts)
    module.recompile()


def merge(graph: Graph, written: set[Node]) -> None:
    """Replace views that change nothing by what they view, and operations with the same arguments by the first of them.

    Args:
        graph: changed in place.
        written: sources of the values that the graph writes to; operations on them stay as they are.
    """
    first: dict[Any, Node] = {}
    for node in list(graph.nodes):
        if node.op != "call_function" or acts(node):
            continue
        if _changes_nothing(node):
            same = node.args[0]
        elif written.isdisjoint(map(source_of, (node, *node.all_input_nodes))):
            same = first.setdefault(_call(node), node)
        else:
            continue
        if same is not node:
            node.replace_all_uses_with(same)
            graph.erase_node(node)


def _changes_nothing(node):
    """Whether a node is a view of the same shape."""
    if node.target is aten.permute.default:
        return list(node.args[1]) == list(range(len(node.args[1])))
    if node.target not in _SHAPES:
        return False
    before, after = node.args[0].meta["val"].shape, node.meta["val"].shape
    return list(map(_expression, before)) == list(map(_expression, after))


def _call(node):
    """What a node computes: its operation and arguments, with 1, 1.0 and True kept apart, and 0.0 and -0.0."""
    leaves, structure = pytree.tree_flatten((node.args, node.kwargs))
    return node.target, str(structure), tuple([x if isinstance(x, Node) else (type(x), repr(x)) for x in leaves])


# The memory layout of a convolution's result may differ from the one in the trace, so that a view may fail.
_VIEWS = (aten.view.default, aten._unsafe_view.default)
_SHAPES = (aten.reshape.default, aten.expand.default, aten.squeeze.default, aten.squeeze.dim)
_LIKE = {
    aten.empty_like.default: aten.empty.memory_format,
    aten.rand_like.default: aten.rand.default,
    aten.randn_like.default: aten.randn.default,
}


def _empty(graph, before, value, sizes, factory=aten.empty.memory_format):
    """A node that makes a tensor like ``value`` and depends only on its shape, so that draws can be done first."""
    shape = [sizes.get(_expression(size)) if isinstance(size, torch.SymInt) else size for size in value.shape]
    if not value.is_contiguous() or None in shape:
        return None
    with graph.inserting_before(before):
        made = graph.call_function(factory, (shape,), {"dtype": value.dtype, "device": value.device})
    made.meta["val"] = value
    return made


def _split_dropout(graph, node, sizes):
    """Replace dropout by a random mask and two products."""
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
    """A node for every symbolic size of an argument, at the beginning of the graph."""
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
