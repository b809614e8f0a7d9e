"""Types that many signatures share."""

from collections.abc import Iterator
from typing import Any, Protocol

import torch

Option = str | tuple[str, dict[str, Any]]  # a choice by name, or a pair of the name and its options


class ModelAndGuide(Protocol):
    """A torch module with the methods ``model`` and ``guide``, such as a ``DeepGenerativeModel``."""

    def model(self, *args: Any, **kwargs: Any) -> Any:
        """The generative model of the pair."""

    def guide(self, *args: Any, **kwargs: Any) -> Any:
        """The inference model of the pair."""

    def modules(self) -> Iterator[torch.nn.Module]:
        """The module and all its parts."""
        ...

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        """The parameters of all parts."""
        ...

    def eval(self) -> Any:
        """Set the evaluation mode."""


class ModelWithClassifier(ModelAndGuide, Protocol):
    """A model and guide with ``num_classes`` classes and class probabilities of rows, ``(B, K)``."""

    num_classes: int | Any

    def classifier(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """The class probabilities of rows."""
        ...
