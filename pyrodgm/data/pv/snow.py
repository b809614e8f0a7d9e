"""Snow on the modules of a string: it falls at night, melts, and slides off from the upper edge.

Snow slides when the air is warmer than -G / 80 °C, by 0.197 sin(tilt) of a module's height per hour (Marion et al.
2013, as in pvlib). The pace differs between modules, so a string clears bit by bit. Warm air melts 4 mm of water per
day and degree above freezing (the degree-day method), and the sun melts 15 mm per day at 1,000 W/m². Both were chosen
between the values of fresh and old snow. The share of the light that passes through is exp(-depth / 4 mm of water);
4 mm of water are about 4 cm of fresh snow.
"""

from typing import NamedTuple

import numpy as np

SLIDE, THRESHOLD = 0.197, -80.0
DEGREE_DAY, SUN_DAY, EXTINCTION = 4.0, 15.0, 4.0  # mm of water
DEPTH = (6.0, 25.0)  # mm of water that fall in a night, lowest and highest


class Snow(NamedTuple):
    """Share of each module under snow, ``(N, modules)``, and share of the light that passes through it, ``(N,)``."""

    covered: np.ndarray
    transmitted: np.ndarray


def snow_day(
    poa_global: np.ndarray, temp_air: np.ndarray, tilt: float, num_modules: int, generator: np.random.Generator
) -> Snow:
    """A day that begins with fresh snow on all modules.

    Args:
        poa_global: irradiance in the plane of the modules in W/m², one value per minute, ``(N,)``.
        temp_air: air temperature in °C, ``(N,)``.
        tilt: tilt of the modules in degrees.
        num_modules: number of modules in the string.
        generator: NumPy random generator for the depth and the paces.
    """
    depth = generator.uniform(*DEPTH)
    pace = np.exp(0.7 * generator.standard_normal(num_modules))
    slides = temp_air > poa_global / THRESHOLD
    slid = np.cumsum(slides & (poa_global > 0)) * SLIDE * np.sin(np.radians(tilt)) / 60
    melted = np.cumsum(DEGREE_DAY * np.maximum(temp_air, 0) + SUN_DAY * poa_global / 1000) / (24 * 60)
    left = np.maximum(depth - melted, 0)
    covered = np.clip(1 - slid[:, None] * pace, 0, 1) * (left > 0)[:, None]
    return Snow(covered, np.exp(-left / EXTINCTION))
