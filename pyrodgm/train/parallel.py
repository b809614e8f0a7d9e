"""Data-parallel training: every process takes its rows of one joint batch and of its noise.

Started by ``torchrun --nproc-per-node N``. All processes hold the same generators, draw what one process would draw for
the joint batch and keep their rows of it, so that the sum of their gradients is the gradient of one process on that
batch, the random numbers stay the same in all, and a checkpoint of one is a checkpoint of all. Batch normalisation
is not joint: each process would standardise its own rows.
"""

import os
from contextlib import contextmanager, nullcontext

import torch
import torch.distributed as distributed

from pyrodgm.handlers import JointNoise


@contextmanager
def joined(device):
    """Be one of the processes that torchrun started, if it did: gloo on a CPU, NCCL on GPUs.

    Args:
        device: as asked for.

    Yields:
        The device of this process: a GPU of its own where ``device`` is ``"cuda"``.
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


def share():
    """This process's rank and the number of processes: ``(0, 1)`` for one alone."""
    return (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)


def is_first():
    """Whether this process is the one that writes files."""
    return share()[0] == 0


def joint_sum(value):
    """The sum over processes of a number."""
    if share()[1] == 1:
        return value
    total = torch.tensor(value, dtype=torch.float64, device="cuda" if distributed.get_backend() == "nccl" else "cpu")
    distributed.all_reduce(total)
    return float(total)


def joint_any(*flags):
    """Whether a flag is set in any process, for each of them: what all do at the same step, or else one waits."""
    if share()[1] == 1:
        return flags
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    raised = torch.tensor(flags, dtype=torch.int32, device=device)
    distributed.all_reduce(raised, op=distributed.ReduceOp.MAX)
    return tuple(map(bool, raised.tolist()))


def joint_gradients(gradients):
    """The sum over processes of a list of gradients, in one message; the ``reduce`` of an ``Optimizer``."""
    if share()[1] == 1:
        return gradients
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    parts = flat.split([gradient.numel() for gradient in gradients])
    return [part.view_as(gradient) for part, gradient in zip(parts, gradients, strict=True)]


def joint_noise():
    """The context in which a pair draws this process's rows of the joint noise; nothing for one process alone."""
    rank, processes = share()
    return JointNoise(rank, processes) if processes > 1 else nullcontext()
