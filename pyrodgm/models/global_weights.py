"""Functions for models whose weights are global latents, one set for the whole data set."""

from typing import Any

import pyro
import pyro.distributions as dist
import torch

from pyrodgm.checks import is_size


def sample(densities: dict[str, dist.Distribution]) -> dict[str, torch.Tensor]:
    """Sample every site of a dict from site to density, outside any plate over rows; returns a dict of values."""
    return {site: pyro.sample(site, density) for site, density in densities.items()}


def check_data_size(data_size: int | None) -> int:
    """Return the number of rows of a data set; raise ``ValueError`` unless it is a positive int."""
    if not is_size(data_size):
        raise ValueError(f"data_size: got {data_size!r}, want the number of rows of the data set, a positive int")
    return data_size


def at_drawn_weights(model: Any) -> Any:
    """The model at one draw of its weights from q(w); a model without global weights is returned as it is."""
    return model if model.data_size is None else model.at(model.draw_weights())
