"""The columns that the model reads, and the output expected from a healthy string."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pyrodgm.data.pv import OperatingPoint, ratios
from pyrodgm.pv.expected import KingModel, ModuleModel, module_temperature
from pyrodgm.pv.units import QUANTITIES

COLUMNS = {"ratios": (), "raw": tuple(QUANTITIES)}  # quantities that every row needs, besides the usual ones
FARTHEST = 7.0  # limits of ratios and their logarithms; values beyond are just as unusual


class Readings(NamedTuple):
    """Converts rows of each string to columns of the model.

    Args:
        columns: ``"ratios"``, measured over expected, or ``"raw"``, the six sensors.
        healthy: the model of each string without a fault, by its name.
    """

    columns: str
    healthy: dict[str, ModuleModel | KingModel]

    def of(self, string: str, values: dict[str, np.ndarray]) -> tuple[np.ndarray, OperatingPoint]:
        """The columns ``(N, D)``, and the expected output of a healthy string, ``(N,)``.

        Args:
            string: its name.
            values: by pvlib's names, ``(N,)`` each.
        """
        healthy = self.healthy[string].at(values["poa_global"], temperature(values))
        if self.columns == "raw":
            return np.stack([values[name] for name in QUANTITIES], 1), healthy
        x = ratios(values["i_dc"], values["v_dc"], values["poa_global"], healthy)
        x[:, :2] = x[:, :2].clip(-FARTHEST, FARTHEST)
        return x, healthy

    @property
    def size(self) -> int:
        """The number of columns."""
        return 6 if self.columns == "raw" else 3


def temperature(values: dict[str, np.ndarray]) -> np.ndarray:
    """Module temperature, ``(N,)``: the measured one, or Faiman's model where none was measured."""
    measured = values.get("temp_module", np.full(len(values["poa_global"]), np.nan))
    if "temp_air" not in values:
        return measured
    wind = values.get("wind_speed", np.ones(len(measured)))
    by_air = module_temperature(values["poa_global"], values["temp_air"], np.where(np.isnan(wind), 1.0, wind))
    return np.where(np.isnan(measured), by_air, measured)
