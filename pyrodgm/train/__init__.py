"""The loop round ``SVI.step``."""

from pyrodgm.train.loop import fit

__all__ = ["fit"]
