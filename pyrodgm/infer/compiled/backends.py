"""Backends that run a graph: operation by operation, compiled, or as a CUDA graph."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch.fx import GraphModule
from torch.fx.passes.split_module import split_module

from pyrodgm.infer.compiled.graph import Graph
from pyrodgm.infer.compiled.nodes import is_draw, source_of, written_arguments

aten = torch.ops.aten
MOST_CAPTURES = 16  # CUDA graphs captured for one graph, one per size
# Functions of torch that compute the same from the same arguments, and whose call takes about half the time.
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    aten.abs.default: torch.abs,
    aten.add.Tensor: torch.add,
    aten.addcmul.default: torch.addcmul,
    aten.addmm.default: torch.addmm,
    aten.bmm.default: torch.bmm,
    aten.cat.default: torch.cat,
    aten.clamp.default: torch.clamp,
    aten.div.Tensor: torch.div,
    aten.exp.default: torch.exp,
    aten.expand.default: torch.Tensor.expand,
    aten.gather.default: torch.gather,
    aten.log.default: torch.log,
    aten.logsumexp.default: torch.logsumexp,
    aten.masked_fill.Scalar: torch.masked_fill,
    aten.mm.default: torch.mm,
    aten.mul.Scalar: torch.mul,
    aten.mul.Tensor: torch.mul,
    aten.neg.default: torch.neg,
    aten.permute.default: torch.permute,
    aten.pow.Tensor_Scalar: torch.pow,
    aten.relu.default: torch.relu,
    aten.reshape.default: torch.reshape,
    aten.select.int: torch.select,
    aten.sigmoid.default: torch.sigmoid,
    aten.softplus.default: torch.nn.functional.softplus,
    aten.sqrt.default: torch.sqrt,
    aten.sub.Tensor: torch.sub,
    aten.sum.default: torch.sum,
    aten.sum.dim_IntList: torch.sum,
    aten.t.default: torch.t,
    aten.tanh.default: torch.tanh,
    aten.unsqueeze.default: torch.unsqueeze,
    aten.where.self: torch.where,
}


def replay(graph: Graph) -> Callable[..., list[torch.Tensor | None]]:
    """Run the operations of the graph one after another, without the Python code of model and guide.

    Returns:
        A function of the inputs of the graph that returns its outputs as a list.
    """
    operations = copy.deepcopy(graph.module.graph)
    for node in operations.nodes:
        node.target = FUNCTIONS.get(node.target, node.target)
    return GraphModule(graph.module, operations).forward


def inductor(graph: Graph) -> Callable[..., list[torch.Tensor | None]]:
    """Compile the graph with torch's inductor.

    Random draws and the values that they depend on are computed first, one by one and in order. Inductor may reorder
    them, but the same seed has to give the same numbers.

    Raises:
        ValueError: if a draw depends on a tensor that the graph writes to.
    """
    from torch._guards import TracingContext, tracing
    from torch._inductor.compile_fx import compile_fx

    module = _draws_first(graph.module)
    _separate_biases(module)
    compiled = [node for node in module.graph.nodes if node.op == "call_module" and node.target.endswith("compiled")]
    mode = next((fake.fake_mode for fake in graph.fakes), None)
    for node in compiled:
        part = module.get_submodule(node.target)
        examples = [node.meta["val"] for node in part.graph.nodes if node.op == "placeholder"]
        with tracing(TracingContext(mode)):
            run = compile_fx(part, examples)
        setattr(module, node.target, _Module(run))
    return module.forward


def _separate_biases(module):
    """Separate the addition of biases from matrix products, so that inductor can fuse it with the activations."""
    for part in module.children():
        for node in part.graph.find_nodes(op="call_function", target=aten.addmm.default):
            if node.kwargs:
                continue
            bias, *factors = node.args
            with part.graph.inserting_before(node):
                product = part.graph.call_function(aten.mm.default, tuple(factors))
                total = part.graph.call_function(aten.add.Tensor, (product, bias))
            product.meta["val"] = total.meta["val"] = node.meta["val"]
            node.replace_all_uses_with(total)
            part.graph.erase_node(node)
        part.recompile()


class _Module(torch.nn.Module):
    def __init__(self, run):
        super().__init__()
        self.forward = run


def _draws_first(module):
    """Split the graph in two parts: ``draws``, the random draws and their inputs, and ``compiled``, the rest."""
    needed = set()
    for node in reversed(module.graph.nodes):
        if is_draw(node) or node in needed:
            needed.update(node.all_input_nodes)
            needed.add(node)
    for node in module.graph.nodes:
        sources = [source_of(argument) for argument in written_arguments(node)]
        if any(source.op == "placeholder" if is_draw(node) else source in needed for source in sources):
            raise ValueError(f"a random draw depends on what {node.target} writes")
    return split_module(module, None, lambda node: "draws" if node in needed else "compiled")


def cuda_graph(graph: Graph) -> Callable[..., list[torch.Tensor | None]]:
    """Compile the graph, and capture it as one CUDA graph per size.

    Up to 16 sizes are captured, because every capture keeps its memory; others run compiled, without a capture.
    Parameters are read in place. Arguments, and tensors on the host, are copied into the buffers of the capture. Random
    numbers come from the generator of the device, as in a plain run.

    Raises:
        ValueError: if no input of the graph is on a CUDA device.
    """
    devices = [tensor.device for tensor in (*graph.fakes, *graph.captured) if tensor.is_cuda]
    if not devices:
        raise ValueError("nothing it reads is on a CUDA device")
    device = devices[0]
    inputs = [node for node in graph.module.graph.nodes if node.op == "placeholder"][len(graph.fakes) :]
    on_host = [node for node, tensor in zip(inputs, graph.captured, strict=True) if not tensor.is_cuda]
    before = [node.meta["val"] for node in on_host]
    try:
        for node in on_host:
            node.meta["val"] = node.meta["val"].to(device)
        run = inductor(graph)
    finally:  # another backend may get the graph next, and reads them where they are
        for node, value in zip(on_host, before, strict=True):
            node.meta["val"] = value
    return _launcher(graph, run, device)


def _launcher(graph, run, device):
    """A function that captures compiled code once per size, and runs it without a capture beyond ``MOST_CAPTURES``."""
    captures: dict[tuple[torch.Size, ...], _Capture] = {}

    def launch(*tensors):
        place = tuple([tensor.shape for tensor in tensors[: len(graph.fakes)]])
        addresses = [tensor.data_ptr() for tensor in graph.captured if tensor.is_cuda]
        if place not in captures and len(captures) == MOST_CAPTURES:
            return run(*[tensor.to(device) for tensor in tensors])
        if place not in captures or captures[place].addresses != addresses:
            captures[place] = _Capture(run, tensors, addresses, len(graph.fakes), graph.written)
        return captures[place](tensors)

    return launch


class _Capture:
    """One CUDA graph, with its input and output tensors."""

    def __init__(self, run, tensors, addresses, num_arguments, written):
        self.addresses = addresses
        self.copied = [i for i, tensor in enumerate(tensors) if i < num_arguments or not tensor.is_cuda]
        device = next(tensor.device for tensor in tensors if tensor.is_cuda)
        self.static = [t.to(device, copy=True) if i in self.copied else t for i, t in enumerate(tensors)]
        state, values = torch.cuda.get_rng_state(device), [tensor.clone() for tensor in written]
        stream = torch.cuda.Stream(device)
        stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(stream):
            for _ in range(3):
                run(*self.static)
        torch.cuda.current_stream(device).wait_stream(stream)
        for tensor, value in zip(written, values, strict=True):
            tensor.copy_(value)
        torch.cuda.set_rng_state(state, device)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=stream):  # its own default may be on another device
            self.outputs = run(*self.static)

    def __call__(self, tensors):
        for i in self.copied:
            self.static[i].copy_(tensors[i], non_blocking=True)
        self.graph.replay()
        return list(self.outputs)


BACKENDS = {"replay": replay, "inductor": inductor, "cuda_graph": cuda_graph}
