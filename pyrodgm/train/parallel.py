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
from pyro.poutine.messenger import Messenger
from torch.overrides import TorchFunctionMode

NOT_JOINT = ("bernoulli", "binomial", "multinomial", "poisson", "rand", "randn", "_standard_gamma", "_sample_dirichlet")
IN_PLACE = (torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.exponential_)


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
    """The sum over processes of a list of gradients, in one message; the ``reduce`` of an ``Optimiser``."""
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


class JointNoise(Messenger):
    """Draw the noise of every site in a plate as one process would for all rows, and keep this process's.

    Args:
        rank, processes: which share of the rows, and of how many equal ones.

    Raises:
        ValueError: at a site whose noise cannot be shared, such as that of a class which is not enumerated.
    """

    def __init__(self, rank, processes):
        super().__init__()
        self.draws = _JointDraws(rank, processes)

    def __enter__(self):
        self.draws.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        return self.draws.__exit__(*error)

    def _pyro_sample(self, msg):
        plates = [frame for frame in msg["cond_indep_stack"] if frame.vectorized]
        if plates:
            self.draws.row_dim = max(frame.dim for frame in plates) - msg["fn"].event_dim

    def _pyro_post_sample(self, msg):
        self.draws.row_dim = None


class _JointDraws(TorchFunctionMode):
    """Torch's random functions, drawn ``processes`` times as large along ``row_dim`` and cut."""

    def __init__(self, rank, processes):
        super().__init__()
        self.rank, self.processes, self.row_dim = rank, processes, None

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self.row_dim is not None and getattr(function, "__name__", None) in NOT_JOINT:
            raise ValueError(
                f"site: got noise of {function.__name__} in a plate, want normal, uniform or exponential noise, or an "
                "enumerated site: each process would draw the same rows"
            )
        if self.row_dim is None or function not in IN_PLACE:
            return function(*args, **kwargs)
        own, *rest = args
        rows = own.shape[self.row_dim]
        shape = list(own.shape)
        shape[self.row_dim] = rows * self.processes
        joint = function(own.new_empty(shape), *rest, **kwargs)
        return own.copy_(joint.narrow(self.row_dim, self.rank * rows, rows))
