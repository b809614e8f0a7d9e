"""Side effects of the nodes of a graph: writes and random draws."""

import operator
from typing import Any

import torch
from torch.fx import Node
from torch.utils import _pytree as pytree

from pyrodgm.infer.compiled.rollback import written

aten = torch.ops.aten
_BATCH_NORMS = (aten.native_batch_norm.default, aten.cudnn_batch_norm.default)


def acts(node: Node) -> bool:
    """Whether a node has a side effect: it writes to an input, or draws random numbers."""
    if node.op in ("placeholder", "output"):
        return True
    schema = getattr(node.target, "_schema", None)
    return is_draw(node) or (schema is not None and schema.is_mutable) or bool(written_arguments(node))


def written_arguments(node: Node) -> list[Node]:
    """The nodes whose values a node changes."""
    schema = getattr(node.target, "_schema", None)
    if node.target in _BATCH_NORMS:  # not in their schemas
        return [argument for argument in node.args[3:5] if isinstance(argument, Node)]
    if schema is None or not schema.is_mutable:
        return []
    return [value for value in written(schema, node.args, node.kwargs) if isinstance(value, torch.fx.Node)]


def source_of(node: Node) -> Node:
    """The node that a node is a view of, or that it wrote to and returned."""
    while node.op == "call_function":
        if node.target is operator.getitem and isinstance(node.args[0], Node):
            node = node.args[0]
            continue
        if getattr(node.target, "_schema", None) is None:
            break
        target: Any = node.target
        arguments = target._schema.arguments
        if not arguments or arguments[0].alias_info is None or not node.all_input_nodes:
            break
        node = node.all_input_nodes[0]
    return node


def constants(node: Node) -> list[bool | int | float | str]:
    """The Python values among a node's arguments."""
    return [leaf for leaf in pytree.tree_leaves((node.args, node.kwargs)) if isinstance(leaf, (bool, int, float, str))]


def is_draw(node: Node) -> bool:
    """Whether a node draws from a random number generator."""
    return torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())
