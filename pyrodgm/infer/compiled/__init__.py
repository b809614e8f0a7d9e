"""Compiles model, guide and objective into one graph."""

from pyrodgm.infer.compiled.compiled_function import CompiledFunction
from pyrodgm.infer.compiled.compiled_svi import CompiledSVI

__all__ = ["CompiledFunction", "CompiledSVI"]
