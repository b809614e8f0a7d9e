import math

import pytest
import torch

from pyrodgm.evaluate import bits_per_dimension


def test_a_uniform_density_of_dequantised_bytes_takes_eight_bits():
    """Uniform on [0, 1)^D after division by 256, or on [0, 256)^D without, or over the 256 integers themselves."""
    nats = -12 * math.log(256)
    assert bits_per_dimension(0.0, dimensions=12, levels=256) == pytest.approx(8.0)
    assert bits_per_dimension(nats, dimensions=12) == pytest.approx(8.0)


def test_a_density_that_knows_more_takes_fewer_bits():
    """Uniform on [0, 1/2)^D: a density of 2 saves one bit a dimension."""
    nats = torch.tensor([0.0, 12 * math.log(2)])
    torch.testing.assert_close(bits_per_dimension(nats, 12, levels=256), torch.tensor([8.0, 7.0]))


@pytest.mark.parametrize("value", [0, 0.5])
@pytest.mark.parametrize("argument", ["dimensions", "levels"])
def test_bad_sizes(argument, value):
    with pytest.raises(ValueError, match=f"{argument}: got {value}, want a number of at least 1"):
        bits_per_dimension(1.0, **{"dimensions": 3, argument: value})
    assert bits_per_dimension(0.0, dimensions=1, levels=2) == 1.0
