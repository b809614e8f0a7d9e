"""The current and voltage of a healthy string at the measured irradiance and temperature.

If the module is known, they come from its single-diode model (``ModuleModel``, by pvlib). Otherwise the current and the
voltage at maximum power are fitted to rows of the string itself (King et al. 2004, eqs 2 and 3):

    I = E (c0 + c1 E + c2 dT + c3 E dT)                            E = G / 1000,  dT = T - 25
    V = v0 + v1 D + v2 D^2 + v3 dT,       D = (T + 273.15) k/q ln E

Both are linear in their coefficients, so a fit is a least-squares problem. The fit is robust, because rows labelled
normal may contain faults that nobody noticed. It first minimises the sum of absolute residuals, and then Tukey's
biweight, which ignores rows beyond 4.7 standard deviations. Residuals are relative to the value. Deviations: the
temperature coefficient of the voltage is constant, as King's own coefficients are for most modules; the temperature
coefficients of the current are fitted directly, while King factors out the current.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pyrodgm.data.pv import OperatingPoint, expected_by_module, load_module, ratios

BOLTZMANN = 8.617333e-5  # V / K, over the charge of an electron
REJECTED = 4.685  # standard deviations; Tukey's biweight has 95 % of the efficiency of least squares there
DIM = 50.0  # W/m²; rows below are not fitted
LEAST_ROWS = 50
STEPS = (20, 30)  # for the absolute residuals, for the biweight


class ModuleModel(NamedTuple):
    """A healthy string, computed by the single-diode model of its module. Needs the extra ``pv``.

    Args:
        module: name of the module in pvlib's CEC list.
        num_modules: number of modules in series.

    Example::

        ModuleModel("Canadian_Solar_Inc__CS6X_260P", num_modules=8).at(poa_global, temp_module).voltage
    """

    module: str
    num_modules: int

    def at(self, poa_global: np.ndarray, temp_module: np.ndarray) -> OperatingPoint:
        """Current and voltage at maximum power, ``(N,)``, for irradiance in W/m² and module temperature in °C."""
        return expected_by_module(load_module(self.module), self.num_modules, poa_global, temp_module)


class KingModel(NamedTuple):
    """A healthy string, computed by King's model fitted to its own rows; see ``fit_king``.

    Args:
        current: c0 to c3, in A and K.
        voltage: v0 to v3, in V and K.
        spread: relative standard deviations of the residuals of current and voltage, from their median.
        kept: share of the rows that the fit did not reject.
    """

    current: tuple[float, ...]
    voltage: tuple[float, ...]
    spread: tuple[float, float]
    kept: float

    def at(self, poa_global: np.ndarray, temp_module: np.ndarray) -> OperatingPoint:
        """Current and voltage at maximum power, ``(N,)``, for irradiance in W/m² and module temperature in °C."""
        of_current, of_voltage = _terms(np.asarray(poa_global, float), np.asarray(temp_module, float))
        current, voltage = of_current @ np.array(self.current), of_voltage @ np.array(self.voltage)
        return OperatingPoint(np.maximum(current, 0), np.maximum(voltage, 0))


def fit_king(poa_global: np.ndarray, temp_module: np.ndarray, i_dc: np.ndarray, v_dc: np.ndarray) -> KingModel:
    """Fit King's model to rows of one string that are labelled normal. A few of them may be faulty.

    Args:
        poa_global: irradiance in the plane of the modules, in W/m², ``(N,)``. Rows below 50 W/m² are left out.
        temp_module: in °C, ``(N,)``.
        i_dc, v_dc: measured, in A and V, ``(N,)``.

    Raises:
        ValueError: for fewer than 50 rows with light and power, or values that are not finite.

    Example::

        fit_king(poa_global, temp_module, i_dc, v_dc).at(np.array([800.0]), np.array([40.0])).power    # (1,)
    """
    columns = {"poa_global": poa_global, "temp_module": temp_module, "i_dc": i_dc, "v_dc": v_dc}
    for name, values in columns.items():
        if np.shape(values) != np.shape(poa_global) or not np.isfinite(values).all():
            raise ValueError(f"{name}: got shape {np.shape(values)} or values that are not finite, want one per row")
    poa, temperature, current, voltage = (np.asarray(values, float) for values in columns.values())
    usable = (poa >= DIM) & (current > 0) & (voltage > 0)
    if usable.sum() < LEAST_ROWS:
        raise ValueError(
            f"rows: got {usable.sum()} above {DIM:g} W/m² with current and voltage, want at least {LEAST_ROWS} to fit"
        )
    terms = _terms(poa[usable], temperature[usable])
    fits = [_robust(part, measured[usable]) for part, measured in zip(terms, (current, voltage), strict=True)]
    (c, spread_i, kept_i), (v, spread_v, kept_v) = fits
    return KingModel(tuple(c.tolist()), tuple(v.tolist()), (spread_i, spread_v), float((kept_i & kept_v).mean()))


def module_temperature(
    poa_global: np.ndarray, temp_air: np.ndarray, wind_speed: np.ndarray | None = None
) -> np.ndarray:
    """Module temperature in °C if none was measured: T_air + G / (25 + 6.84 w) (Faiman 2008).

    Args:
        poa_global: in the plane of the modules, in W/m², ``(N,)``.
        temp_air: in °C, ``(N,)``.
        wind_speed: w in m/s, ``(N,)``; None for 1 m/s.

    Example::

        module_temperature(np.array([800.0]), np.array([20.0]))[0]      # 45.126
    """
    return temp_air + poa_global / (25 + 6.84 * (1.0 if wind_speed is None else wind_speed))


def monitor_columns(
    healthy: ModuleModel | KingModel,
    i_dc: np.ndarray,
    v_dc: np.ndarray,
    poa_global: np.ndarray,
    temp_module: np.ndarray,
) -> np.ndarray:
    """The three columns that a monitor reads, ``(N, 3)``, see ``pyrodgm.data.pv.ratios``.

    Args:
        healthy: the model of the expected current and voltage.
        i_dc, v_dc: measured, in A and V, ``(N,)``.
        poa_global: in the plane of the modules, in W/m², above zero.
        temp_module: in °C.

    Example::

        healthy = fit_king(poa_global, temp_module, i_dc, v_dc)
        monitor_columns(healthy, i_dc, v_dc, poa_global, temp_module)       # (N, 3)
    """
    return ratios(i_dc, v_dc, poa_global, healthy.at(poa_global, temp_module))


def _terms(poa_global, temperature):
    """The factors of c0 to c3 and of v0 to v3, ``(..., 4)`` each."""
    light, warm = np.maximum(poa_global, 1e-3) / 1000, temperature - 25
    d = (temperature + 273.15) * BOLTZMANN * np.log(light)
    one = np.ones_like(light)
    return light[..., None] * np.stack([one, light, warm, light * warm], -1), np.stack([one, d, d**2, warm], -1)


def _robust(terms, measured):
    """Coefficients, the residuals' standard deviation as a share of the value, and which rows were kept."""
    terms = terms / measured[:, None]
    weight = np.ones(len(terms))
    for step in range(sum(STEPS)):
        root = np.sqrt(weight)
        coefficients = np.linalg.lstsq(terms * root[:, None], root, rcond=None)[0]
        residual = 1 - terms @ coefficients
        scale = max(1.4826 * float(np.median(np.abs(residual))), 1e-9)
        if step < STEPS[0]:
            weight = 1 / np.maximum(np.abs(residual), 1e-3 * scale)
        else:
            weight = np.maximum(1 - (residual / (REJECTED * scale)) ** 2, 0) ** 2
    return coefficients, scale, weight > 0
