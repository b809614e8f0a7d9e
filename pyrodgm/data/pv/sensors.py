"""Errors of a logger's sensors: noise, and gains that drift.

The gain of a sensor is 1 + g + d_t. g is normal and fixed for a simulation. d is a random walk whose standard deviation
after a year is the drift given below. The noise is normal, with one part in the sensor's units and one relative to the
value. The figures are typical of a secondary-standard pyranometer and the meters of an inverter.
"""

from typing import NamedTuple

import numpy as np

from pyrodgm.data.pv.weather import MINUTES

COLUMNS = ("i_dc", "v_dc", "poa_global", "temp_air", "temp_module", "wind_speed")


class Sensor(NamedTuple):
    """Standard deviations of a sensor: gain, its drift in a year, relative noise, and noise in the sensor's units."""

    gain: float
    drift: float
    share: float
    noise: float


SENSORS = {
    "i_dc": Sensor(0.003, 0.002, 0.003, 0.01),
    "v_dc": Sensor(0.002, 0.001, 0.001, 0.2),
    "poa_global": Sensor(0.01, 0.005, 0.005, 1.0),
    "temp_air": Sensor(0.0, 0.0, 0.0, 0.2),
    "temp_module": Sensor(0.0, 0.0, 0.0, 0.4),
    "wind_speed": Sensor(0.02, 0.0, 0.02, 0.1),
}
POSITIVE = ("i_dc", "v_dc", "poa_global", "wind_speed")


def measure(values: dict[str, np.ndarray], generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Measured values for true ones, one per minute, ``(N,)``, by the names in ``COLUMNS``.

    Current, voltage, irradiance and wind are never negative. If a string is off, its current and voltage are 0.
    """
    told = {}
    for name in COLUMNS:
        true, sensor = values[name], SENSORS[name]
        size = len(true)
        drift = sensor.drift * np.cumsum(generator.standard_normal(size)) / np.sqrt(365 * MINUTES)
        noise = (sensor.share * true * generator.standard_normal(size)) + sensor.noise * generator.standard_normal(size)
        told[name] = true * (1 + sensor.gain * generator.standard_normal() + drift) + noise
        if name in POSITIVE:
            told[name] = np.maximum(told[name], 0)
    off = values["v_dc"] <= 0
    told["i_dc"][off] = told["v_dc"][off] = 0.0
    return told
