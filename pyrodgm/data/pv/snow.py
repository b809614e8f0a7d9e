"""Snow on the modules of a string: it falls in the night, melts, and slides off from the upper edge.

Snow slides where the air is warmer than -G / 80 °C, by 0.197 sin(tilt) of a module's height in an hour (Marion et al.
2013, as pvlib has it). Every module slides at a pace of its own, so that a string clears bit by bit. It melts by the
degree-day method, 4 mm of water a day and degree above freezing, and by the sun, 15 mm a day at 1,000 W/m²: a stated
choice, between fresh snow and old. Light falls in it by exp(-depth / 4 mm of water), about 4 cm of fresh snow.
"""

from typing import NamedTuple

import numpy as np

SLIDE, THRESHOLD = 0.197, -80.0
DEGREE_DAY, SUN_DAY, EXTINCTION = 4.0, 15.0, 4.0  # mm of water
DEPTH = (6.0, 25.0)  # mm of water that fall in a night


class Snow(NamedTuple):
    """Share of each module below snow, ``(N, modules)``, and of the light that goes through it, ``(N,)``."""

    covered: np.ndarray
    transmitted: np.ndarray


def snow_day(
    poa_global: np.ndarray, temp_air: np.ndarray, tilt: float, num_modules: int, generator: np.random.Generator
) -> Snow:
    """A day that begins with fresh snow on all modules.

    Args:
        poa_global: in the plane of the modules, in W/m², one a minute, ``(N,)``.
        temp_air: in °C, ``(N,)``.
        tilt: of the modules, in degrees.
        num_modules: in the string.
        generator: of NumPy, fixes the depth and the paces.
    """
    depth = generator.uniform(*DEPTH)
    pace = np.exp(0.7 * generator.standard_normal(num_modules))
    slides = temp_air > poa_global / THRESHOLD
    slid = np.cumsum(slides & (poa_global > 0)) * SLIDE * np.sin(np.radians(tilt)) / 60
    melted = np.cumsum(DEGREE_DAY * np.maximum(temp_air, 0) + SUN_DAY * poa_global / 1000) / (24 * 60)
    left = np.maximum(depth - melted, 0)
    covered = np.clip(1 - slid[:, None] * pace, 0, 1) * (left > 0)[:, None]
    return Snow(covered, np.exp(-left / EXTINCTION))
