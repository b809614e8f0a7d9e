"""One graph in place of model, guide and objective."""

from pyrodgm.infer.compiled.compiled_function import CompiledFunction
from pyrodgm.infer.compiled.compiled_svi import CompiledSVI

__all__ = ["CompiledFunction", "CompiledSVI"]
