"""The precision that networks compute in, and which devices are fast in bfloat16."""

import warnings
from functools import cache
from pathlib import Path

import torch

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}
CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # Intel and AMD; the last ARM


def fast_bfloat16(device: torch.device | str = "cpu") -> bool:
    """Whether a device multiplies matrices in bfloat16 in hardware; emulation takes 5 to 10 times as long as float32.

    True for CUDA GPUs from compute capability 8.0 on, and for CPUs with the instructions AVX512-BF16, AMX-BF16 or ARM's
    BF16, as listed in ``/proc/cpuinfo``. False for any other device.

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
def cpu_flags() -> frozenset[str]:
    """The instruction sets of this machine's processor, by their Linux names; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(flag for line in lines if line.startswith(("flags", "Features")) for flag in line.split())


def in_precision(precision: str, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The tensors in the dtype of a precision: unchanged for ``"float32"``. Warns once where bfloat16 is slow."""
    dtype = PRECISIONS[precision]
    if dtype is None:
        return tensors
    warn_where_slow(tensors[0].device, "want precision='float32' here")
    return tuple(tensor.to(dtype) for tensor in tensors)


def usable_precision(precision: str, device: torch.device | str) -> str:
    """The precision to use on a device: ``"float32"`` instead of ``"bfloat16"`` if that is slow there."""
    return "float32" if precision == "bfloat16" and not fast_bfloat16(device) else precision


def warn_where_slow(device: torch.device | str, instead: str) -> None:
    """Warn once if a device has no hardware for bfloat16; ``instead`` names the alternative."""
    if not fast_bfloat16(device):
        _warn_once(
            f"precision: got 'bfloat16', for which this {torch.device(device).type} device has no hardware: it would "
            f"take 5 to 10 times as long as float32; {instead}"
        )


@cache
def _warn_once(message):
    warnings.warn(message, stacklevel=4)
