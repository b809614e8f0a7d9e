"""Data-parallel training: each process takes its share of the rows of a joint batch, and of the noise.

``torchrun --nproc-per-node N`` starts the processes. All have the same random numbers. Each draws the noise of the
whole joint batch and keeps its own rows of it. The sum of the gradients is therefore the gradient of one process on the
joint batch, and a checkpoint of one process serves all. Batch normalisation is not joint: each process would
standardise its own rows.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
import torch.distributed as distributed

from pyrodgm.handlers import JointNoise


@contextmanager
def joined(device: str) -> Iterator[str]:
    """Join the processes that torchrun started, if any: with gloo on a CPU, with NCCL on GPUs.

    Args:
        device: the device that the user asked for.

    Yields:
        The device of this process; a separate GPU for each process if ``device`` is ``"cuda"``.
    """
    if "LOCAL_RANK" not in os.environ:
        yield device
        return
    on_gpu = torch.device(device).type == "cuda"
    if on_gpu:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield device
    finally:
        distributed.destroy_process_group()


def share() -> tuple[int, int]:
    """The rank of this process and the number of processes: ``(0, 1)`` for a single process."""
    return (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)


def is_first() -> bool:
    """Whether this is the process that writes files."""
    return share()[0] == 0


def joint_sum(value: float) -> float:
    """The sum of a number over all processes."""
    if share()[1] == 1:
        return value
    total = torch.tensor(value, dtype=torch.float64, device="cuda" if distributed.get_backend() == "nccl" else "cpu")
    distributed.all_reduce(total)
    return float(total)


def joint_any(*flags: bool) -> tuple[bool, ...]:
    """Whether a flag is set in any process. All processes must call it at the same step."""
    if share()[1] == 1:
        return flags
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    raised = torch.tensor(flags, dtype=torch.int32, device=device)
    distributed.all_reduce(raised, op=distributed.ReduceOp.MAX)
    return tuple(map(bool, raised.tolist()))


def check_alike(argument: str, value: Any) -> None:
    """Raise ``ValueError`` in every process unless all of them have the same plain value."""
    values: list[Any] = [None] * share()[1]
    distributed.all_gather_object(values, value)
    for other in values:
        if other != values[0]:
            raise ValueError(f"{argument}: got {values[0]} in one process and {other} in another, want the same in all")


def joint_gradients(gradients: list[torch.Tensor]) -> list[torch.Tensor]:
    """The sum of a list of gradients over all processes, in one message; the ``reduce`` of an ``Optimizer``."""
    if share()[1] == 1:
        return gradients
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    parts = flat.split([gradient.numel() for gradient in gradients])
    return [part.view_as(gradient) for part, gradient in zip(parts, gradients, strict=True)]


def joint_noise() -> AbstractContextManager[Any]:
    """The context in which a pair draws this process's rows of the joint noise. With one process it does nothing."""
    rank, processes = share()
    return JointNoise(rank, processes) if processes > 1 else nullcontext()
