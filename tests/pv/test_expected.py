"""A healthy string's current and voltage: from its module, fitted to its rows, and the columns based on them."""

import numpy as np
import pytest

from pyrodgm.data.pv import Plant, simulate
from pyrodgm.data.pv.conditions import HEALTHY
from pyrodgm.pv import KingModel, ModuleModel, fit_king, module_temperature, monitor_columns

NAMES = ["poa_global", "temp_module", "i_dc", "v_dc"]
TRUE = KingModel((7.2, -0.05, 0.004, 0.001), (270.0, 60.0, -40.0, -1.2), (0.0, 0.0), 1.0)


def rows_of_king(size, seed=0):
    """Rows by the formulas, written out once more."""
    random = np.random.default_rng(seed)
    poa, temperature = random.uniform(60, 1100, size), random.uniform(0, 65, size)
    e, d = poa / 1000, 8.617333e-5 * (temperature + 273.15) * np.log(poa / 1000)
    current = 7.2 * e - 0.05 * e**2 + 0.004 * e * (temperature - 25) + 0.001 * e**2 * (temperature - 25)
    voltage = 270 + 60 * d - 40 * d**2 - 1.2 * (temperature - 25)
    return poa, temperature, current, voltage


@pytest.fixture(scope="module")
def year():
    table = simulate("greensboro", "days", "01-01", 365, every=15)
    return table[table["recorded"]]


class TestKing:
    def test_formulas(self):
        poa, temperature, current, voltage = rows_of_king(500)
        point = TRUE.at(poa, temperature)
        np.testing.assert_allclose(point.current, current, rtol=1e-12)
        np.testing.assert_allclose(point.voltage, voltage, rtol=1e-12)

    def test_neither_is_below_zero(self):
        point = TRUE._replace(current=(1.0, -2.0, 0.0, 0.0)).at(np.array([1000.0]), np.array([300.0]))
        assert point.current == point.voltage == 0

    def test_the_coefficients_are_found_in_two_fifths_of_faulty_rows(self):
        poa, temperature, current, voltage = rows_of_king(3000)
        random = np.random.default_rng(1)
        current, voltage = (x * (1 + 0.003 * random.standard_normal(3000)) for x in (current, voltage))
        voltage[:1200] *= 0.9
        current[400:1200] *= 0.6
        fitted = fit_king(poa, temperature, current, voltage)
        point, true = fitted.at(poa, temperature), TRUE.at(poa, temperature)
        np.testing.assert_allclose(point.current, true.current, rtol=1e-3)
        np.testing.assert_allclose(point.voltage, true.voltage, rtol=1e-3)
        assert max(fitted.spread) < 0.01 and 0.55 < fitted.kept < 0.65

    def test_the_spread_is_relative_and_rows_rejected_for_either_are_not_kept(self):
        poa, temperature, current, voltage = rows_of_king(4000)
        noise = 1 + np.array([[0.003], [0.005]]) * np.random.default_rng(1).standard_normal((2, 4000))
        fitted = fit_king(poa, temperature, current * noise[0], voltage * noise[1])
        assert fitted.spread == pytest.approx((0.003, 0.005), rel=0.05) and fitted.kept > 0.99
        current[:400] *= 0.6
        voltage[400:1000] *= 0.8
        fitted = fit_king(poa, temperature, current * noise[0], voltage * noise[1])
        assert fitted.kept == pytest.approx(0.75, abs=0.01)

    def test_it_is_the_estimate_by_tukeys_biweight(self):
        """The weighted residuals of rows with heavy-tailed noise are orthogonal to every term."""
        poa, temperature, current, voltage = rows_of_king(2000)
        current *= 1 + 0.003 * np.random.default_rng(1).standard_t(2, 2000)
        fitted = fit_king(poa, temperature, current, voltage)
        residual = 1 - fitted.at(poa, temperature).current / current
        weight = np.maximum(1 - (residual / (4.685 * fitted.spread[0])) ** 2, 0) ** 2
        light, warm = poa / 1000, temperature - 25
        terms = np.stack([light, light**2, light * warm, light**2 * warm]) / current
        total = np.abs(terms) @ np.abs(weight * residual)
        np.testing.assert_allclose(terms @ (weight * residual) / total, 0, atol=1e-6)

    def test_rows_without_current_or_voltage_are_left_out_and_fifty_others_suffice(self):
        poa, temperature, current, voltage = rows_of_king(52)
        current[50], voltage[51] = 0, 0
        point = fit_king(poa, temperature, current, voltage).at(poa[:50], temperature[:50])
        np.testing.assert_allclose(point.current, current[:50], rtol=1e-6)
        np.testing.assert_allclose(point.voltage, voltage[:50], rtol=1e-6)
        with pytest.raises(ValueError, match="rows: got 49 above 50 W/m² with current and voltage, want at least 50"):
            fit_king(poa[1:], temperature[1:], current[1:], voltage[1:])

    def test_a_healthy_string_is_what_its_module_gives(self, year):
        """Fitted to the healthy days of a year, it is within 1 % of the single-diode model above 100 W/m²."""
        normal = year[year["state"].isin(HEALTHY)]
        fitted = fit_king(*(normal[name].to_numpy() for name in NAMES))
        bright = year[year["poa_global"].between(100, 1100)]
        poa, temperature = (bright[name].to_numpy() for name in NAMES[:2])
        known = ModuleModel(Plant().module, 8).at(poa, temperature)
        ours = fitted.at(poa, temperature)
        assert np.abs(ours.voltage / known.voltage - 1).mean() < 0.005
        assert np.abs(np.log(ours.current / known.current)).mean() < 0.03  # dirt and the sensors' gains are in the rows

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                {"poa_global": np.full(100, 30.0)},
                "rows: got 0 above 50 W/m² with current and voltage, want at least 50",
            ),
            ({"i_dc": np.zeros(100)}, "rows: got 0 above 50"),
            ({"v_dc": np.full(100, np.nan)}, "v_dc: got shape .100,. or values that are not finite"),
            ({"temp_module": np.zeros(99)}, "temp_module: got shape .99,."),
        ],
    )
    def test_bad_rows(self, change, message):
        columns = {name: np.full(100, 100.0) for name in NAMES} | change
        with pytest.raises(ValueError, match=message):
            fit_king(*columns.values())


class TestColumns:
    def test_a_healthy_string_has_ratios_of_one(self):
        poa, temperature, current, voltage = rows_of_king(200)
        columns = monitor_columns(TRUE, current, voltage, poa, temperature)
        np.testing.assert_allclose(columns, np.stack([np.ones(200), np.zeros(200), np.log(poa)], 1), atol=1e-12)

    def test_they_are_v_over_expected_ln_of_i_over_expected_and_ln_g(self):
        poa, temperature, current, voltage = rows_of_king(200)
        columns = monitor_columns(TRUE, 0.5 * current, 0.9 * voltage, poa, temperature)
        np.testing.assert_allclose(columns[:, 0], 0.9)
        np.testing.assert_allclose(columns[:, 1], np.log(0.5))
        assert np.isfinite(monitor_columns(TRUE, 0 * current, 0 * voltage, poa, temperature)).all()

    def test_faults_stand_apart_from_healthy_rows(self, year):
        bright = year[year["poa_global"] > 500]
        columns = monitor_columns(
            ModuleModel(Plant().module, 8), *(bright[n].to_numpy() for n in (*NAMES[2:], *NAMES[:2]))
        )
        middle = {s: np.median(columns[bright["state"] == s], axis=0) for s in ("N", "RS8", "IV", "PS7")}
        assert middle["N"][:2] == pytest.approx([1, 0], abs=0.03)
        assert middle["RS8"][0] < 0.9 and middle["IV"][0] < 0.82 and middle["PS7"][1] < -0.15


def test_module_temperature_is_faimans():
    pvlib = pytest.importorskip("pvlib.temperature")
    poa, air, wind = np.array([0.0, 400, 900]), np.array([5.0, 10, 30]), np.array([0.0, 2, 5])
    np.testing.assert_allclose(module_temperature(poa, air, wind), pvlib.faiman(poa, air, wind))
    np.testing.assert_allclose(module_temperature(poa, air), pvlib.faiman(poa, air, 1.0))
