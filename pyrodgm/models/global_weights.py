"""What models share whose weights are latents of the whole data set."""

import pyro


def sample(densities):
    """Draw every site of a dict from site to density, outside of any plate over rows; a dict of values."""
    return {site: pyro.sample(site, density) for site, density in densities.items()}


def check_data_size(data_size):
    """The number of rows of a data set; raises ``ValueError`` unless it is a positive int."""
    if not isinstance(data_size, int) or data_size < 1:
        raise ValueError(f"data_size: got {data_size!r}, want the number of rows of the data set, a positive int")
    return data_size
