"""The type that networks multiply in, and which processors are fast in it."""

import warnings
from functools import cache
from pathlib import Path

import torch

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}
CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # of Intel and AMD, and of ARM


def fast_bfloat16(device="cpu"):
    """Whether a device multiplies matrices in bfloat16; one that does not imitates it, at 5 to 10 times the time.

    A GPU of CUDA does from compute capability 8.0 on, a CPU with the instructions AVX512-BF16, AMX-BF16 or ARM's BF16,
    read from ``/proc/cpuinfo``. Of any other device nothing is known, and the answer is no.

    Args:
        device: a ``torch.device`` or its name.

    Example::

        SDGM(784, 10, precision="bfloat16" if fast_bfloat16("cuda") else "float32")
    """
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and not CPU_FLAGS.isdisjoint(cpu_flags())


@cache
def cpu_flags():
    """The instruction sets of this machine's processor, as Linux names them; none elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(flag for line in lines if line.startswith(("flags", "Features")) for flag in line.split())


def usable_precision(precision, device):
    """The precision to compute in on a device: ``"float32"`` in place of a ``"bfloat16"`` that is not fast there."""
    return "float32" if precision == "bfloat16" and not fast_bfloat16(device) else precision


def warn_where_slow(device, instead):
    """Warn, once, if a device does not multiply in bfloat16, and say what is done or wanted instead."""
    if not fast_bfloat16(device):
        _warn_once(
            f"precision: got 'bfloat16', in which this {torch.device(device).type} device does not multiply: it would "
            f"take 5 to 10 times as long as float32; {instead}"
        )


@cache
def _warn_once(message):
    warnings.warn(message, stacklevel=4)
